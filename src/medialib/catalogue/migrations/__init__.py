"""The migrations, one script for each revision, forward only; `medialib.catalogue.migrating` runs them."""
