"""manifest.xml against Microsoft's published schemas, and against what no schema catches."""

import os
import re
import struct
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "manifest.xml"
CONTRACTS = Path(os.environ.get("ROOMBOOKER_CONTRACTS", ROOT.parent / "shared" / "contracts"))
BASE = "https://localhost:8000"
NO_CLIENT = "00000000-0000-0000-0000-000000000000"

APP = "http://schemas.microsoft.com/office/appforoffice/1.1"
V1_0 = "http://schemas.microsoft.com/office/mailappversionoverrides"
V1_1 = "http://schemas.microsoft.com/office/mailappversionoverrides/1.1"
TYPES = "http://schemas.microsoft.com/office/officeappbasictypes/1.0"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
OVERRIDES = pytest.mark.parametrize("namespace", [V1_0, V1_1], ids=["1.0", "1.1"])


@pytest.fixture(scope="module")
def manifest() -> etree._Element:
    return etree.parse(MANIFEST).getroot()


def overrides(manifest: etree._Element, namespace: str) -> etree._Element:
    found = manifest.find(f".//{{{namespace}}}VersionOverrides")
    assert found is not None
    return found


def values(manifest: etree._Element) -> list[str]:
    """Every address in the manifest, wherever it stands."""
    texts = [str(value) for element in manifest.iter() for value in element.attrib.values()]
    texts += [element.text or "" for element in manifest.iter(etree.Element)]
    return [text.strip() for text in texts if re.match(r"\s*\w+://", text)]


def png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_manifest_is_valid_against_the_published_schemas() -> None:
    schema_file = CONTRACTS / "outlook-manifest" / "OfficeAppManifestV1_1.xsd"
    if not schema_file.exists():
        pytest.skip(f"no contracts at {CONTRACTS}; name them with ROOMBOOKER_CONTRACTS")
    schema = etree.XMLSchema(etree.parse(schema_file))
    schema.assertValid(etree.parse(MANIFEST))


def test_every_address_is_https_or_an_api_identifier(manifest: etree._Element) -> None:
    found = values(manifest)
    assert len(found) > 20
    assert [one for one in found if not one.startswith(("https://", "api://"))] == []


def test_support_and_both_icons_are_named(manifest: etree._Element) -> None:
    addresses = {name: manifest.find(f"{{{APP}}}{name}") for name in ("SupportUrl", "IconUrl", "HighResolutionIconUrl")}
    named = {name: element.get("DefaultValue") for name, element in addresses.items() if element is not None}
    assert named == {
        "SupportUrl": f"{BASE}/support",
        "IconUrl": f"{BASE}/assets/icon-64.png",
        "HighResolutionIconUrl": f"{BASE}/assets/icon-128.png",
    }


@OVERRIDES
def test_every_resid_resolves_within_its_own_overrides(manifest: etree._Element, namespace: str) -> None:
    inside = overrides(manifest, namespace)
    own = [
        element
        for element in inside.iter()
        if element is inside or namespace == V1_1 or V1_1 not in str(element.getparent().nsmap.get(None))
    ]
    defined = {element.get("id") for element in own if str(element.tag).startswith(f"{{{TYPES}}}") and element.get("id")}
    used = {element.get("resid") for element in own if element.get("resid")}
    assert used
    assert used <= defined


@OVERRIDES
def test_ids_are_unique_and_short_enough(manifest: etree._Element, namespace: str) -> None:
    inside = overrides(manifest, namespace)
    resources = inside.find(f"{{{namespace}}}Resources")
    assert resources is not None
    ids = Counter(element.get("id") for element in resources.iter() if element.get("id"))
    controls = Counter(element.get("id") for tag in ("Group", "Control") for element in inside.iter(f"{{{namespace}}}{tag}"))
    assert max((ids + controls).values()) == 1
    assert all(len(name) <= 32 for name in ids if name)


@OVERRIDES
def test_each_button_has_every_icon_size_that_a_ribbon_may_ask_for(manifest: etree._Element, namespace: str) -> None:
    icons = list(overrides(manifest, namespace).iter(f"{{{namespace}}}Icon"))
    assert len(icons) == 2
    for icon in icons:
        assert [int(image.get("size", 0)) for image in icon] == [16, 20, 24, 32, 40, 48, 64, 80]


@OVERRIDES
def test_organizer_and_attendee_both_have_the_pane(manifest: etree._Element, namespace: str) -> None:
    points = [element.get(XSI_TYPE) for element in overrides(manifest, namespace).iter(f"{{{namespace}}}ExtensionPoint")]
    assert points == ["AppointmentOrganizerCommandSurface", "AppointmentAttendeeCommandSurface"]


def test_every_named_icon_exists_with_the_size_in_its_name(manifest: etree._Element) -> None:
    icons = {one for one in values(manifest) if one.endswith(".png")}
    assert len(icons) == 9
    for address in icons:
        path = ROOT / "addin" / address.removeprefix(f"{BASE}/")
        size = int(re.findall(r"(\d+)\.png$", address)[0])
        assert png_size(path) == (size, size)


def test_the_pane_that_it_opens_is_the_one_we_build(manifest: etree._Element) -> None:
    pages = {one.removeprefix(f"{BASE}/") for one in values(manifest) if one.endswith(".html")}
    assert pages == {"taskpane.html"}
    assert (ROOT / "addin" / "taskpane.html").exists()


def test_texts_keep_to_outlooks_lengths(manifest: etree._Element) -> None:
    for tag, limit in (("ShortStrings", 125), ("LongStrings", 250)):
        texts = [
            text
            for group in manifest.iter(f"{{{TYPES}}}{tag}")
            for one in group.iter()
            for key in ("DefaultValue", "Value")
            if (text := one.get(key))
        ]
        assert len(texts) >= 8
        assert max(map(len, texts)) <= limit


@OVERRIDES
def test_every_text_of_a_button_is_said_in_all_four_languages(manifest: etree._Element, namespace: str) -> None:
    resources = overrides(manifest, namespace).find(f"{{{namespace}}}Resources")
    assert resources is not None
    spoken = {
        text.get("id"): [one.get("Locale") for one in text] for text in resources.iter(f"{{{TYPES}}}String") if text.get("id") != "Group"
    }
    assert len(spoken) == 4
    assert all(locales == ["nl-NL", "de-DE", "fr-FR"] for locales in spoken.values())


def test_it_asks_for_no_more_than_it_needs(manifest: etree._Element) -> None:
    assert manifest.findtext(f"{{{APP}}}Permissions") == "ReadWriteItem"
    sets = [(one.get("Name"), one.get("MinVersion")) for one in manifest.iter(f"{{{APP}}}Set")]
    assert sets == [("Mailbox", "1.5")]


def test_identity_version_and_domains_are_well_formed(manifest: etree._Element) -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", manifest.findtext(f"{{{APP}}}Id") or "")
    assert 2 <= len((manifest.findtext(f"{{{APP}}}Version") or "").split(".")) <= 4
    domains = [one.text or "" for one in manifest.iter(f"{{{APP}}}AppDomain")]
    assert domains
    assert all(re.fullmatch(r"https://[\w.-]+(:\d+)?", one) for one in domains)
    assert MANIFEST.stat().st_size < 256 * 1024


def test_a_deployment_replaces_nothing_but_the_address_and_the_client_id(manifest: etree._Element) -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    assert "https://localhost:8000" in text
    assert manifest.findtext(f".//{{{V1_1}}}WebApplicationInfo/{{{V1_1}}}Id") == NO_CLIENT
    deployed = text.replace(BASE, "https://rooms.contoso.example").replace(NO_CLIENT, "7f1c2b8e-0000-4000-8000-0123456789ab")
    assert "localhost" not in deployed.split("-->", 1)[1]
    assert NO_CLIENT not in deployed
