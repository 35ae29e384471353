"""The command ``qwop-native``: one file a verb, and what the verbs share."""
