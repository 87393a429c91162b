"""What is slow to make and no test's subject: made once per test process."""

from functools import cache
from typing import Any, ClassVar, Literal

import argon2
import flask
from argon2.exceptions import VerifyMismatchError
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from joserfc.jwk import Key
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from idp.credentials.hashing import PasswordHashing
from idp.kernel.encoding import json_bytes
from idp.kernel.jose import generate, import_key


@cache
def signing_key(algorithm: str, number: int) -> tuple[Key, bytes]:
    """A signing key, as it is used and as it is written: making RSA keys is slow, so is reading."""
    del number
    jwk = generate(algorithm)
    return import_key(algorithm, jwk), json_bytes(jwk)


@cache
def hash_of(password: str) -> str:
    """A hash with today's parameters."""
    return PasswordHashing(at_once=1).hash(password)


class _Verifying(argon2.PasswordHasher):
    """Verifies by argon2 what it has not verified before: the same pair has the same answer."""

    def __init__(self) -> None:
        today = argon2.extract_parameters(hash_of(""))
        super().__init__(today.time_cost, today.memory_cost, today.parallelism)
        self._mismatches: dict[tuple[Any, Any], VerifyMismatchError | None] = {}

    def verify(self, stored: Any, password: Any) -> Literal[True]:
        pair = (stored, password)
        if pair not in self._mismatches:
            try:
                super().verify(stored, password)
                self._mismatches[pair] = None
            except VerifyMismatchError as mismatch:
                self._mismatches[pair] = mismatch.with_traceback(None)
        if mismatch := self._mismatches[pair]:
            raise mismatch
        return True


@cache
def argon2_remembering() -> argon2.PasswordHasher:
    """Argon2 with today's parameters, which computes each verification once."""
    return _Verifying()


class _Statements(LRUCache[Any, Any]):
    """SQLAlchemy's statements are compiled once for each kind of database, not once per engine."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._of_any_engine(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(self._of_any_engine(key), compiled)

    @staticmethod
    def _of_any_engine(key: Any) -> Any:
        dialect, *statement = key
        return (dialect.name, dialect.driver, *statement)


class _Compiled(BytecodeCache):
    """Templates are compiled once, not once per provider."""

    def __init__(self) -> None:
        self._code: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key + bucket.checksum] = bucket.code


class _Rule(Rule):
    """A URL rule whose functions that build URLs, out of source code, are made once."""

    _known: ClassVar[dict[tuple[object, ...], Rule]] = {}

    def compile(self) -> None:
        key = (self.rule, self.subdomain, self.host, str(self.defaults), self.merge_slashes)
        if key not in self._known:
            super().compile()
            self._known[key] = self
            return
        known = self._known[key]
        for name in ("_parts", "_trace", "_converters", "arguments"):
            setattr(self, name, getattr(known, name))
        for name in ("_build", "_build_unknown"):
            setattr(self, name, getattr(known, name).__func__.__get__(self))


_STATEMENTS = _Statements(2000)
Engine._compiled_cache = property(lambda _engine: _STATEMENTS, lambda _engine, _own: None)
flask.Flask.url_rule_class = _Rule
TEMPLATES = _Compiled()
