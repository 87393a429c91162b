"""Recovery codes: saved by the user, hashed by us, each good once (NIST SP 800-63B-4 §4.2.1.1)."""

import secrets

from idp.audit import record
from idp.audit.events import RecoveryCodesMade, RecoveryCodesVoided, RecoveryCodeUsed
from idp.context import RequestContext
from idp.kernel.secrets import digest
from idp.store import recovery_codes

CODES = 10
# Crockford's base32 has no I, L, O and U; 24 characters are 120 bits. §4.2.1.1 asks for 64, but
# what has fewer than 112 would need a slow salted hash (ASVS 5.0 §6.5.2).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110")
_LENGTH = 24
_GROUP = 4
_LONGEST_INPUT = 100


def regenerate(ctx: RequestContext, user_id: str) -> list[str]:
    """Return new codes, as they are shown this once; all older ones are void."""
    codes = [_new_code() for _ in range(CODES)]
    recovery_codes.replace_all(ctx.db, user_id, [_hash(user_id, c) for c in codes], ctx.now)
    record(ctx, RecoveryCodesMade(user_id=user_id))
    return [_grouped(code) for code in codes]


def void(ctx: RequestContext, user_id: str) -> None:
    """Take none of the user's codes any more."""
    if count := recovery_codes.remove_all(ctx.db, user_id):
        record(ctx, RecoveryCodesVoided(user_id=user_id, count=count))


def use(ctx: RequestContext, user_id: str, code: str) -> bool:
    """Use up a code, however it is spaced and cased; False when it is not one, or used before."""
    plain = canonical(code)
    if plain is None:
        return False
    if not recovery_codes.consume(ctx.db, user_id, _hash(user_id, plain), ctx.now):
        return False
    record(ctx, RecoveryCodeUsed(user_id=user_id, remaining=remaining(ctx, user_id)))
    return True


def remaining(ctx: RequestContext, user_id: str) -> int:
    """Return how many codes the user has left."""
    return recovery_codes.count_unused(ctx.db, user_id)


def canonical(text: str) -> str | None:
    """Return the code that was meant; None when it cannot be one."""
    if len(text) > _LONGEST_INPUT:
        return None
    code = "".join(each for each in text.upper() if each.isalnum()).translate(_LOOKALIKES)
    return code if len(code) == _LENGTH and set(code) <= set(_ALPHABET) else None


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _hash(user_id: str, code: str) -> bytes:
    return digest(f"recovery:{user_id}:{code}")
