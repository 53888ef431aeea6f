"""Opens what the collector keeps its knowledge in, for itself and for commands beside it: without what only serves."""

import os

from collector.registry.registry import Registry
from collector.settings import Settings
from collector.store.protocol import Store, StoreError
from collector.store_choice import open_store


def open_parts(settings: Settings) -> tuple[Store, Registry]:
    """The store that the settings name, and the registry. Raises `StoreError` or `RegistryError`."""
    os.umask(0o077)  # what is made in the data folder is for this account alone
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    registry = open_registry(settings)
    try:
        return open_store(settings, registry), registry
    except StoreError:
        registry.close()
        raise


def open_registry(settings: Settings) -> Registry:
    """The registry alone, for commands beside a running collector. Raises `RegistryError`."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    default = f"sqlite:///{settings.data / 'registry.sqlite'}"
    return Registry.open_registry(settings.registry_url.get_secret_value() if settings.registry_url else default)
