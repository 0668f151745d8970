"""Names of the classes of data sets, in words, and how they belong together."""

# of mini-newsgroups, in its order, with the field that each belongs to
TOPICS = (
    ("atheism", "religion"),
    ("computer graphics", "computers"),
    ("Microsoft Windows", "computers"),
    ("PC hardware", "computers"),
    ("Apple Macintosh", "computers"),
    ("X Window System", "computers"),
    ("for sale", "commerce"),
    ("cars", "vehicles"),
    ("motorcycles", "vehicles"),
    ("baseball", "sports"),
    ("ice hockey", "sports"),
    ("cryptography", "science"),
    ("electronics", "science"),
    ("medicine", "science"),
    ("space flight", "science"),
    ("Christianity", "religion"),
    ("gun control", "politics"),
    ("Middle East", "politics"),
    ("government", "politics"),
    ("spirituality", "religion"),
)

# intents of Banking77 by what they are about and what happened to it
GRID = {
    ("card payment", "pending"): ("pending_card_payment",),
    ("card payment", "failed"): ("declined_card_payment",),
    ("card payment", "fee"): ("card_payment_fee_charged",),
    ("cash", "pending"): ("pending_cash_withdrawal",),
    ("cash", "failed"): ("declined_cash_withdrawal",),
    ("cash", "fee"): ("cash_withdrawal_charge",),
    ("transfer", "pending"): ("pending_transfer", "transfer_not_received_by_recipient"),
    ("transfer", "failed"): ("failed_transfer", "declined_transfer"),
    ("transfer", "fee"): ("transfer_fee_charged",),
    ("top-up", "pending"): ("pending_top_up",),
    ("top-up", "failed"): ("top_up_failed",),
    ("top-up", "fee"): ("top_up_by_card_charge", "top_up_by_bank_transfer_charge"),
}
