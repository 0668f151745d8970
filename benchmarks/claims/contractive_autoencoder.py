"""Whether the Jacobian of the whole encoder is a better penalty than those of its layers."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from inlay.claims import Claim, Figure
from inlay.data.datasets import load
from inlay.transforms.reduce import Autoencoder, ContractiveAutoencoder, PrincipalComponents

N_ROWS = 4000
N_EPOCHS = 15
SEEDS = (0, 1)
PENALTIES = (0.01, 0.1, 1.0)
DIM, HIDDEN = 16, (64,)
SMALL = {"N_EPOCHS": 1, "SEEDS": (0,), "PENALTIES": (0.1,), "DIM": 4, "HIDDEN": (8,)}


def features(table, like):
    """Return numbers by the mean and spread of `like`, texts as ones among the values of `like`."""
    parts = []
    for name, column in like.items():
        if name == "label":
            continue
        if isinstance(column[0], str):
            values = sorted(set(column))
            parts.append(np.array(table[name])[:, None] == np.array(values))
        else:
            parts.append(((np.array(table[name]) - np.mean(column)) / (np.std(column) or 1.0))[:, None])
    return np.concatenate(parts, axis=1).astype(np.float32)


def run(progress):
    """Train both forms at several weights; reconstruct, and add the codes to what a linear model sees."""
    train, test = ({name: column[:N_ROWS] for name, column in load(s).items()} for s in ("adult-train", "adult"))
    X, Y = features(train, train), features(test, train)
    labels, truth = np.array(train["label"]), np.array(test["label"])
    options = {"hidden_dims": HIDDEN, "n_epochs": N_EPOCHS, "learning_rate": 3e-3}

    def error(coder):
        return float(
            np.mean((coder.inverse_transform(coder.transform(Y)) - Y) ** 2) / np.mean((Y - X.mean(axis=0)) ** 2)
        )

    def auc(A, B):
        model = LogisticRegression(max_iter=500).fit(A, labels)
        return 100 * float(roc_auc_score(truth, model.decision_function(B)))

    raw = auc(X, Y)
    figures = [
        Figure("error of as many principal components, share of the variance", error(PrincipalComponents(DIM).fit(X))),
        Figure("ROC-AUC of the features alone", raw),
    ]
    plain = [error(Autoencoder(DIM, activation="tanh", random_state=seed, **options).fit(X)) for seed in SEEDS]
    figures.append(Figure("error of the plain autoencoder", float(np.mean(plain))))
    ratios, gains = [], []
    for penalty in PENALTIES:
        errors = {}
        for form in ("encoder", "layers"):
            progress(f"penalty {penalty:g} on the {form}")
            coders = [
                ContractiveAutoencoder(DIM, penalty=penalty, contracts=form, random_state=seed, **options).fit(X)
                for seed in SEEDS
            ]
            errors[form] = float(np.mean([error(coder) for coder in coders]))
            figures.append(Figure(f"error, penalty {penalty:g} on the {form}", errors[form]))
            if form == "encoder" and penalty == PENALTIES[0]:
                both = [(np.c_[X, c.transform(X)], np.c_[Y, c.transform(Y)]) for c in coders]
                gains = [auc(A, B) - raw for A, B in both]
        ratios.append(1 - errors["encoder"] / errors["layers"])
    figures.append(Figure("error saved, mean over penalties, %", 100 * float(np.mean(ratios)), low=0.0, published=15.0))
    figures.append(Figure("ROC-AUC with the codes less without, points", float(np.mean(gains)), low=0.0))
    return figures


CLAIM = Claim(
    methods=("ContractiveAutoencoder", "Autoencoder"),
    paper="bertrand2024autoencoder",
    says="A contractive autoencoder that penalises the Jacobian of its whole encoder reconstructs better than one that "
    "penalises each layer, by 15 % in the first version of the paper, and its codes help models of other tasks.",
    data="Adult, 4000 records to learn from and 4000 others; 16 numbers a record, two seeds.",
    baseline="The same networks with the sum of the layers' Jacobians, at the same weights; principal components.",
    rule="The mean error over weights of 0.01, 0.1 and 1 is lower than that of the stacked form, and the codes (weight "
    "0.01) added to the features do not lower the ROC-AUC of logistic regression.",
    run=run,
)
