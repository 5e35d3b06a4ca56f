"""Who is asked about titles and episodes: one module a service, each a `medialib.ports.MetadataProvider`."""
