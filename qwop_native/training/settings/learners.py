"""The model of each algorithm's `learner` section, by the algorithm's name."""

from __future__ import annotations

from qwop_native.training.settings import imitation, policy_gradient, value
from qwop_native.training.settings.learner import LearnerSettings

LEARNERS: dict[str, type[LearnerSettings]] = {
    "qrdqn": value.QRDQNSettings,
    "dqn": value.DQNSettings,
    "ppo": policy_gradient.PPOSettings,
    "recurrent_ppo": policy_gradient.RecurrentPPOSettings,
    "a2c": policy_gradient.A2CSettings,
    "filtered_ppo": policy_gradient.FilteredPPOSettings,
    "bc": imitation.CloningRunSettings,
    "gail": imitation.AdversarialRunSettings,
    "airl": imitation.AirlRunSettings,
    "dqn_demo": value.DemoDQNSettings,
    "qrdqn_demo": value.DemoQRDQNSettings,
}
