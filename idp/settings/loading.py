"""Read the settings from the environment, or a secret from the file that `IDP_…_FILE` names."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from idp.kernel.encoding import b64url, unb64url
from idp.kernel.errors import SetupFault
from idp.kernel.secrets import MasterKey
from idp.settings.declared import Settings

MASTER_KEY_FILE = "master.key"
# Where pydantic speaks of its own types.
_WORDS = {"time_delta_parsing": "a whole number of seconds, or a duration such as PT1H30M"}


def load(**overrides: Any) -> Settings:
    """Return the settings of this process.

    Raises:
        SetupFault: one line per fault, all of them together.
    """
    faults: list[str] = []
    values: dict[str, Any] = {**_from_files(os.environ, faults), **overrides}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        faults += [_describe(e["loc"], _WORDS.get(e["type"], e["msg"])) for e in error.errors()]
    if faults:
        raise SetupFault("\n".join(faults))
    return settings


def _describe(location: tuple[int | str, ...], message: str) -> str:
    name = f"IDP_{str(location[0]).upper()}: " if location else ""
    return name + message.removeprefix("Value error, ")


def _from_files(environ: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    values = {}
    for name in Settings.model_fields:
        variable = f"IDP_{name.upper()}"
        path = environ.get(f"{variable}_FILE")
        if not path:
            continue
        if environ.get(variable):
            faults.append(f"{variable}: set it or {variable}_FILE, not both")
            continue
        try:
            values[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{variable}_FILE: {type(error).__name__}")
    return values


def master_key(settings: Settings) -> MasterKey:
    """Return the master key; embedded and none yet: make one, readable by its owner only.

    Raises:
        SetupFault: missing where it must be given, unreadable, or too short.
    """
    if settings.master_key is not None:
        return _decode(settings.master_key.get_secret_value(), "IDP_MASTER_KEY")
    if not settings.embedded:
        raise SetupFault("IDP_MASTER_KEY: needed unless the database is the embedded one")
    path = settings.data_dir / MASTER_KEY_FILE
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _decode(path.read_text().strip(), str(path))
    with os.fdopen(descriptor, "w") as file:
        file.write(b64url(secrets.token_bytes(32)) + "\n")
    return _decode(path.read_text().strip(), str(path))


def _decode(text: str, where: str) -> MasterKey:
    try:
        return MasterKey(unb64url(text))
    except ValueError as error:
        raise SetupFault(f"{where}: 32 or more random bytes in base64url") from error
