"""Who owns an authority, and by which domain CAA records name it.

The organisation in an issuer's name is often a brand: of a reseller, or of a company that was bought. The table holds
what the larger authorities say of themselves in section 4.2 of their practice statements, where the Baseline
Requirements (section 2.2) have them list the domains that they recognise in CAA records. It is a mapping of names and
no list of who is to be trusted; what it lacks is the user's to add.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class Authority(NamedTuple):
    """One owner.

    Attributes:
        owner: what people know it by.
        organizations: of its issuers' names, as certificates have them; compared without case and punctuation.
        domains: that stand for it in CAA records.
    """

    owner: str
    organizations: tuple[str, ...]
    domains: tuple[str, ...]


AUTHORITIES: Final = (
    Authority("Internet Security Research Group", ("Let's Encrypt", "ISRG"), ("letsencrypt.org",)),
    Authority(
        "Google Trust Services",
        ("Google Trust Services", "Google Trust Services LLC", "Google Inc", "Google LLC"),
        ("pki.goog", "google.com"),
    ),
    Authority(
        "Sectigo",
        (
            "Sectigo Limited",
            "COMODO CA Limited",
            "The USERTRUST Network",
            "ZeroSSL",
            "cPanel, Inc.",
            "cPanel, LLC",
            "Gandi",
            "Gandi SAS",
            "Network Solutions L.L.C.",
            "InCommon",
            "Internet2",
        ),
        (
            *("sectigo.com", "usertrust.com", "trust-provider.com", "comodo.com", "comodoca.com", "zerossl.com"),
            *("entrust.net", "affirmtrust.com"),  # whose public business it took over in 2025
        ),
    ),
    Authority(
        "DigiCert",
        (
            "DigiCert Inc",
            "DigiCert, Inc.",
            "DigiCert Ireland Limited",
            "GeoTrust Inc.",
            "GeoTrust, Inc.",
            "thawte, Inc.",
            "Thawte Consulting cc",
            "RapidSSL",
            "Symantec Corporation",
            "VeriSign, Inc.",
            "QuoVadis Limited",
            "QuoVadis Trustlink B.V.",
            "DigiCert Europe Belgium B.V.",
            "Encryption Everywhere",
        ),
        (
            *("digicert.com", "www.digicert.com", "digicert.ne.jp", "cybertrust.ne.jp", "symantec.com", "thawte.com"),
            *("geotrust.com", "rapidssl.com", "quovadisglobal.com", "pkioverheid.nl", "www.pkioverheid.nl"),
            *("digitalcertvalidation.com", "1and1.digitalcertvalidation.com", "stratossl.digitalcertvalidation.com"),
            *("volusion.digitalcertvalidation.com", "intermediatecertificate.digitalcertvalidation.com"),
        ),
    ),
    Authority("GlobalSign", ("GlobalSign nv-sa", "GlobalSign", "AlphaSSL"), ("globalsign.com",)),
    Authority(
        "Amazon Trust Services",
        ("Amazon", "Amazon Trust Services"),
        ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com", "aws.amazon.com"),
    ),
    Authority(
        "GoDaddy",
        ("GoDaddy.com, Inc.", "GoDaddy Inc.", "Starfield Technologies, Inc.", "The Go Daddy Group, Inc."),
        ("godaddy.com", "starfieldtech.com"),
    ),
    Authority("SSL.com", ("SSL Corporation", "SSL Corp"), ("ssl.com",)),
    Authority("Entrust", ("Entrust, Inc.", "Entrust Limited", "AffirmTrust"), ("entrust.net", "affirmtrust.com")),
    Authority("IdenTrust", ("IdenTrust",), ("identrust.com",)),
    Authority("Buypass", ("Buypass AS-983163327",), ("buypass.com", "buypass.no")),
    Authority(
        "Asseco Data Systems",
        ("Unizeto Technologies S.A.", "Asseco Data Systems S.A.", "nazwa.pl sp. z o.o.", "home.pl S.A."),
        ("certum.pl", "certum.eu"),
    ),
    Authority("Actalis", ("Actalis S.p.A.", "Actalis S.p.A./03358520967"), ("actalis.it",)),
    Authority(
        "HARICA",
        ("Hellenic Academic and Research Institutions CA", "Greek Universities Network (GUnet)"),
        ("harica.gr",),
    ),
    Authority("SwissSign", ("SwissSign AG",), ("swisssign.com", "swisssign.net", "swisssign.ch")),
    Authority("D-Trust", ("D-Trust GmbH",), ("d-trust.net", "dtrust.de", "d-trust.de")),
    Authority(
        "Deutsche Telekom Security",
        ("Deutsche Telekom Security GmbH", "T-Systems International GmbH", "T-Systems Enterprise Services GmbH"),
        ("telesec.de", "pki.dfn.de", "dfn.de"),
    ),
    Authority("Microsoft", ("Microsoft Corporation",), ("microsoft.com", "digicert.com")),
    Authority("Apple", ("Apple Inc.",), ("pki.apple.com",)),
    Authority("TrustAsia", ("TrustAsia Technologies, Inc.",), ("trustasia.com",)),
    Authority("Certigna", ("DHIMYOTIS", "Certigna"), ("certigna.com", "certigna.fr", "dhimyotis.com")),
    Authority("Telia", ("Telia Finland Oyj", "Telia Company AB", "TeliaSonera"), ("telia.com", "telia.fi", "telia.se")),
    Authority("Certainly", ("Certainly",), ("certainly.com",)),
    Authority("Microsec", ("Microsec Ltd.",), ("e-szigno.hu",)),
    Authority("TWCA", ("TAIWAN-CA", "TAIWAN-CA Inc.", "TWCA"), ("twca.com.tw",)),
    Authority("SECOM Trust Systems", ("SECOM Trust Systems CO.,LTD.",), ("secomtrust.net",)),
)


def plain(organization: str) -> str:
    """An organisation's name without case, punctuation and spaces: they change from one issuer to the next."""
    return "".join(letter for letter in organization.casefold() if letter.isalnum())


class Ownership:
    """Looks owners up.

    Args:
        further: more domains, by organisation or owner; they count besides those of the table.
    """

    def __init__(self, further: Mapping[str, Sequence[str]] | None = None) -> None:
        self._owners: dict[str, str] = {}
        self._domains: dict[str, frozenset[str]] = {}
        for one in AUTHORITIES:
            self._domains[plain(one.owner)] = frozenset(one.domains)
            self._owners.update((plain(name), one.owner) for name in (one.owner, *one.organizations))
        for name, domains in (further or {}).items():
            key = plain(self._owners.get(plain(name), name))
            named = frozenset(domain.strip().lower().removesuffix(".") for domain in domains)
            self._domains[key] = self._domains.get(key, frozenset()) | named

    def owner(self, organization: str) -> str:
        """Who owns the authority of this name; the name itself where that is not known."""
        return self._owners.get(plain(organization), organization)

    def domains(self, *names: str) -> frozenset[str]:
        """What stands for it in CAA records, by its organisation or owner; empty where that is not known."""
        found = (self._domains.get(plain(self.owner(name)), frozenset()) for name in names if name)
        return frozenset().union(*found)
