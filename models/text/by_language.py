"""A linear bag of n-grams fitted language by language: one exact logistic regression each, as scikit-learn does it.

Few rows a language (701 in SIB-200) leave hundreds of thousands of n-grams undecided: steps of a gradient stop anywhere
in between, the penalised optimum is one point (0.661 and 0.7 of topics right, the same n-grams).
"""

import warnings

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from models.text import ngrams
from models.text.evaluation import Rows
from models.text.network import Network


def fit(network: Network, train: Rows, penalty: float, balanced: bool = True) -> None:
    """Fit the one member of a network, a linear bag whose n-grams are a language's own, in place.

    penalty: inverse strength of it (C); balanced: whether classes count alike. A language with rows of one class, or
    none, keeps its weights at zero.
    """
    member, numbers = network.members[0], network.numbers(train.languages)
    grams = member.config.grams
    width = 2**grams.own
    with torch.no_grad():
        member.language.weight.zero_()
        for language in np.unique(numbers[numbers >= 0]):
            rows = np.flatnonzero(numbers == language)
            if len(set(train.y[rows].tolist())) < 2:
                continue
            found = ngrams.bags(list(train.texts[rows]), grams, numbers[rows], network.frequencies(grams))
            places, ends = found.buckets - (int(language) << grams.own), [*found.offsets, len(found.buckets)]
            bags = csr_matrix((found.weights, places, ends), (len(rows), width))
            model = LogisticRegression(C=penalty, class_weight="balanced" if balanced else None, max_iter=100)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a few more steps change hundredths of a point
                model.fit(bags, train.y[rows])
            slopes, levels = model.coef_, model.intercept_
            if len(model.classes_) == 2:  # one row stands for both
                slopes, levels = np.vstack((-slopes, slopes)) / 2, np.concatenate((-levels, levels)) / 2
            place = int(language) << grams.own
            classes = torch.from_numpy(model.classes_)
            member.table.weight[place : place + width, classes] = torch.from_numpy(slopes.T.astype(np.float32))
            never = np.full(len(network.config.labels), levels.min() - 5, np.float32)
            never[model.classes_] = levels
            member.language.weight[int(language) + 1] = torch.from_numpy(never)
