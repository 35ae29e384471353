import hypothesis

# A busy machine makes an example slow, which says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")
