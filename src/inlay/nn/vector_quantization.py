"""A network with codebooks in its middle, and the ways to train it through them."""

import torch
from torch import Tensor, nn

from .binarization import two_layers
from .product_quantization import chosen, closest


class VectorQuantization(nn.Module):
    """An encoder, codebooks, and a decoder.

    Parameters
    ----------
    start : (dim, d), what the encoder computes before training; the decoder starts as its transpose.
    scale : what codes before training are divided by.
    n_codebooks, n_codewords : codebooks, each for dim / n_codebooks coordinates, and codewords of each.
    affine : whether the codewords of a codebook share a mean and a deviation that are learned.
    """

    def __init__(self, start: Tensor, scale: float, n_codebooks: int, n_codewords: int, *, affine: bool) -> None:
        super().__init__()
        self.encoder, self.decoder = two_layers(start / scale), two_layers(start.T * scale)
        size = start.shape[0] // n_codebooks
        self.words = nn.Parameter(torch.randn(n_codebooks, n_codewords, size))
        if affine:
            self.mean = nn.Parameter(torch.zeros(n_codebooks, 1, size))
            self.deviation = nn.Parameter(torch.ones(n_codebooks, 1, size))
        self.affine = affine

    @property
    def codebooks(self) -> Tensor:
        """The (n_codebooks, n_codewords, size) codewords."""
        return self.mean + self.deviation * self.words if self.affine else self.words

    def of_codebooks(self) -> list[Tensor]:
        """Return the parameters of the codebooks."""
        return [self.words, self.mean, self.deviation] if self.affine else [self.words]

    def of_networks(self) -> list[Tensor]:
        """Return the parameters of the encoder and the decoder."""
        return [*self.encoder.parameters(), *self.decoder.parameters()]

    def encode(self, X: Tensor) -> Tensor:
        """Return (n, n_codebooks, size) codes before they are quantized."""
        parts: Tensor = self.encoder(X).unflatten(1, (self.words.shape[0], -1))
        return parts

    def nearest(self, Z: Tensor) -> Tensor:
        """Return the codewords nearest to codes; they pass gradients to the codebooks."""
        C = self.codebooks
        return chosen(C, closest(Z, C))

    def decode(self, Z: Tensor, C: Tensor, synchronized: float) -> Tensor:
        """Return what codewords `C` decode to; gradients pass to the codes `Z`, and `synchronized` of them to `C`."""
        straight = Z + (C - Z).detach() + synchronized * (C - C.detach())
        out: Tensor = self.decoder(straight.flatten(1))
        return out
