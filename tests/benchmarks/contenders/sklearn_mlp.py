"""scikit-learn's MLPClassifier, at its nearest to the problem: its cost is softmax cross-entropy.

It reports one cost per epoch, the mean over the batches, computed batch by batch.
"""

from __future__ import annotations

import numpy as np
from problem import RATE, SIZES, Data, Training, layers
from sklearn.neural_network import MLPClassifier


def start(data: Data, theta, batch: int) -> Training:
    model = MLPClassifier(
        SIZES[1:-1], activation="logistic", solver="sgd", alpha=0, batch_size=batch, learning_rate_init=RATE,
        momentum=0, nesterovs_momentum=False, random_state=0,
    )  # fmt: skip
    classes = np.arange(SIZES[-1])
    model.partial_fit(data.inputs[:batch], data.labels[:batch], classes=classes)
    model.coefs_ = [np.ascontiguousarray(w.T, np.float32) for w, _ in layers(theta)]
    model.intercepts_ = [b.astype(np.float32) for _, b in layers(theta)]

    def replay(rows):
        model.set_params(shuffle=False)
        model.partial_fit(data.inputs[rows.ravel()], data.labels[rows.ravel()])
        model.set_params(shuffle=True)
        return np.array([model.loss_])

    def epoch():
        model.partial_fit(data.inputs, data.labels)

    return Training(replay, epoch)
