"""What an authority may issue for: name constraints (RFC 5280 section 4.2.1.10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.scanner import strictly
from certhia.scanner.hostnames import common_names, reference
from certhia.scanner.trust import plain, shown

MAX_COMPARISONS: Final = 1 << 17  # of names with constraints, of one certificate
EMAIL: Final = "1.2.840.113549.1.9.1"


class Constraints(NamedTuple):
    """The subtrees of one authority, each (kind, value); kinds are those of a core Certificate's `alternative_names`.
    The value of "ip" is a network, of "dirname" the attributes of a name."""

    permitted: tuple[tuple[str, object], ...]
    excluded: tuple[tuple[str, object], ...]
    issuer: str  # whose they are, for people


def constraints_of(issuer: Certificate) -> Constraints | str | None:
    """An authority's constraints; None where it has none, and text where they can't be read, which says why."""
    if not any(one.oid == "2.5.29.30" for one in issuer.extensions):
        return None
    try:
        parsed = strictly.certificate(issuer.der).extensions
        value = parsed.get_extension_for_class(x509.NameConstraints).value
    except (Malformed, x509.ExtensionNotFound) as error:
        return f"the name constraints of {shown(issuer.subject)} can't be read ({error})"
    permitted, excluded = (
        tuple(_subtree(one) for one in trees or ()) for trees in (value.permitted_subtrees, value.excluded_subtrees)
    )
    return Constraints(permitted, excluded, shown(issuer.subject))


def violation(certificate: Certificate, constraints: Sequence[Constraints]) -> str:
    """Which name of a certificate its issuers may not issue for, and who says so; "" where there is none."""
    names = _names(certificate)
    kinds = Counter(kind for kind, _ in names)
    if sum(kinds[kind] for one in constraints for kind, _ in (*one.permitted, *one.excluded)) > MAX_COMPARISONS:
        return f"more than {MAX_COMPARISONS} comparisons of names with name constraints"
    for one in constraints:
        for kind, value in names:
            if any(kind == of and _within(kind, value, tree, excluded=True) for of, tree in one.excluded):
                return f"{one.issuer} may not issue for {_text(value)}: excluded by name constraints"
            allowed = [tree for of, tree in one.permitted if of == kind]
            if allowed and not any(_within(kind, value, tree, excluded=False) for tree in allowed):
                return f"{one.issuer} may not issue for {_text(value)}: not permitted by name constraints"
    return ""


def _subtree(name: x509.GeneralName) -> tuple[str, object]:
    if isinstance(name, x509.DNSName):
        return "dns", name.value.lower()
    if isinstance(name, x509.IPAddress):
        return "ip", name.value
    if isinstance(name, x509.RFC822Name):
        return "email", name.value
    if isinstance(name, x509.UniformResourceIdentifier):
        return "uri", name.value.lower()
    if isinstance(name, x509.DirectoryName):
        return "dirname", _attributes(name)
    return "rid" if isinstance(name, x509.RegisteredID) else "othername", name


def _names(certificate: Certificate) -> list[tuple[str, object]]:
    """All names that constraints are about: the subject's e-mail address is one, and where no alternative name is a DNS
    name so is a common name that looks like one (RFC 5280; as OpenSSL does)."""
    named: list[tuple[str, object]] = list(certificate.alternative_names)
    if any(kind == "dirname" for kind, _ in named):
        named = [one for one in named if one[0] != "dirname"] + _directory_names(certificate)
    attributes = certificate.subject_attributes
    if attributes:
        named.append(("dirname", tuple((oid, plain(value)) for oid, value in attributes)))
    if not any(kind == "email" for kind, _ in named):
        named += [("email", value) for oid, value in attributes if oid == EMAIL]
    if not any(kind == "dns" for kind, _ in named):
        named += [
            ("dns", one) for one in common_names(certificate) if "." in one and reference(one) == (one.lower(), False)
        ]
    return named


def _directory_names(certificate: Certificate) -> list[tuple[str, object]]:
    """Alternative names that are directory names, by their parts; as text, which is in no subtree, where they can't be
    taken apart."""
    try:
        parsed = strictly.certificate(certificate.der).extensions
        listed = parsed.get_extension_for_class(x509.SubjectAlternativeName).value
    except (Malformed, x509.ExtensionNotFound):
        return [one for one in certificate.alternative_names if one[0] == "dirname"]
    return [("dirname", _attributes(one)) for one in listed if isinstance(one, x509.DirectoryName)]


def _attributes(name: x509.DirectoryName) -> tuple[tuple[str, str], ...]:
    return tuple((one.oid.dotted_string, plain(str(one.value))) for one in name.value)


def _within(kind: str, value: object, tree: object, *, excluded: bool) -> bool:
    """Whether a name is in a subtree. What can't be told is in what is excluded, and not in what is permitted."""
    rule = _RULES.get(kind)
    return excluded if rule is None else rule(value, tree, excluded)


def _dns(value: object, tree: object, excluded: bool) -> bool:
    """A wildcard stands for what is excluded below it, too."""
    name, suffix = str(value).lower(), str(tree)
    if not suffix or name == suffix:
        return True
    dotted = suffix if suffix.startswith(".") else f".{suffix}"
    return name.endswith(dotted) or (excluded and name.startswith("*.") and suffix.partition(".")[2] == name[2:])


def _ip(value: object, tree: object, excluded: bool) -> bool:
    try:
        address = ip_address(str(value))
    except ValueError:
        return excluded
    return isinstance(tree, IPv4Network | IPv6Network) and address.version == tree.version and address in tree


def _email(value: object, tree: object, excluded: bool) -> bool:
    mailbox, wanted = str(value), str(tree)
    local, at, host = mailbox.rpartition("@")
    if not at:
        return excluded
    if "@" in wanted:
        of, _, domain = wanted.rpartition("@")
        return of == local and domain.lower() == host.lower()
    if wanted.startswith("."):
        return host.lower().endswith(wanted.lower())
    return host.lower() == wanted.lower()


def _uri(value: object, tree: object, excluded: bool) -> bool:
    try:
        host = urlsplit(str(value)).hostname
    except ValueError:
        return excluded
    if not host or reference(host)[1]:  # without a host, or an address: RFC 5280 refuses both
        return excluded
    return host.endswith(str(tree)) if str(tree).startswith(".") else host == tree


def _directory(value: object, tree: object, excluded: bool) -> bool:
    if not isinstance(value, tuple) or not isinstance(tree, tuple):  # `_directory_names`
        return excluded
    return value[: len(tree)] == tree


_RULES: Final[dict[str, Callable[[object, object, bool], bool]]] = {
    "dns": _dns,
    "ip": _ip,
    "email": _email,
    "uri": _uri,
    "dirname": _directory,
}


def _text(value: object) -> str:
    return shown(", ".join(part for _, part in value) if isinstance(value, tuple) else str(value))
