"""The Office.js stand-in behaves as the documents and reports on the real one say, client by client."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from outlook_pages import pane_of, run, shoot, value
from sandboxes import RunningSandbox

pytestmark = pytest.mark.browser
START = "2027-03-01T09:00"  # Amsterdam: 08:00 UTC
ITEM = "mailbox.item"


def at(outlook, **asked):
    page = outlook(compose=1, pane=1, start=START, **asked)
    return page, pane_of(page)


def test_the_pane_learns_who_where_and_in_which_client_it_is(outlook):
    page, pane = at(outlook, lang="nl")
    context = pane.evaluate(
        "({...Office.context.mailbox.userProfile, ...Office.context.diagnostics, language: Office.context.displayLanguage})"
    )
    assert context == {
        "emailAddress": "alice.jansen@contoso.example", "displayName": "Alice Jansen", "timeZone": "W. Europe Standard Time",
        "accountType": "office365", "host": "Outlook", "platform": "OfficeOnline", "version": "20261113001.07", "language": "nl-NL",
    }  # fmt: skip
    shoot(page, "pane")


def test_outside_a_host_office_is_ready_with_no_host(outlook, sandbox: RunningSandbox):
    page = outlook()
    page.goto(f"{sandbox.world.options.product_url}/taskpane.html")
    assert page.evaluate("ready") == {"host": None, "platform": None}
    assert page.evaluate("window.nestedAppAuthBridge") is None


def test_a_moved_start_keeps_the_length_and_is_told_to_both_sides(outlook):
    page, pane = at(outlook, minutes=45)
    pane.evaluate("follow('AppointmentTimeChanged')")
    page.wait_for_timeout(100)
    assert pane.evaluate("run('mailbox.item.start.setAsync', new Date('2027-03-01T10:00Z')).then((r) => r.status)") == "succeeded"
    expect(page.get_by_test_id("start-time")).to_have_value("11:00")
    expect(page.get_by_test_id("end-time")).to_have_value("11:45")
    page.get_by_test_id("start-date").fill("2027-03-02")
    page.get_by_test_id("start-date").blur()
    expect(page.get_by_test_id("end-date")).to_have_value("2027-03-02")
    page.wait_for_timeout(100)
    told = pane.evaluate("events.map(([name, {type, start, end}]) => [name, type, start.toISOString(), end.toISOString()])")
    assert told == [
        ["AppointmentTimeChanged", "olkAppointmentTimeChanged", "2027-03-01T10:00:00.000Z", "2027-03-01T10:45:00.000Z"],
        ["AppointmentTimeChanged", "olkAppointmentTimeChanged", "2027-03-02T10:00:00.000Z", "2027-03-02T10:45:00.000Z"],
    ]


def test_an_end_before_the_start_is_refused(outlook):
    _, pane = at(outlook)
    error = pane.evaluate("run('mailbox.item.end.setAsync', new Date('2027-03-01T07:00Z')).then((r) => r.error)")
    assert (error["code"], error["name"]) == (9010, "InvalidEndTime")


def test_an_added_room_becomes_location_and_attendee_and_on_the_web_its_removal_leaves_it_invited(outlook, sandbox: RunningSandbox):
    room = sandbox.world.directory.rooms[0]
    for profile, stays in (("web", True), ("classic", False)):
        page, pane = at(outlook, profile=profile)
        pane.evaluate("follow('EnhancedLocationsChanged'), follow('RecipientsChanged')")
        place = [{"id": room.mailbox, "type": "room"}]
        value(pane, f"{ITEM}.enhancedLocation.addAsync", place)
        assert value(pane, f"{ITEM}.enhancedLocation.getAsync") == [
            {"locationIdentifier": place[0], "displayName": room.name, "emailAddress": room.mailbox}
        ]
        assert [each["emailAddress"] for each in value(pane, f"{ITEM}.requiredAttendees.getAsync")] == [room.mailbox]
        expect(page.locator("[data-testid=chip]", has_text=room.name)).to_have_count(1)
        assert sorted({name for name, _ in pane.evaluate("events")}) == ["EnhancedLocationsChanged", "RecipientsChanged"]
        value(pane, f"{ITEM}.enhancedLocation.removeAsync", place)
        assert value(pane, f"{ITEM}.enhancedLocation.getAsync") == []
        assert bool(value(pane, f"{ITEM}.requiredAttendees.getAsync")) is stays


def test_a_place_that_is_no_room_cannot_be_added_as_one(outlook):
    _, pane = at(outlook)
    result = run(pane, f"{ITEM}.enhancedLocation.addAsync", [{"id": "nowhere@contoso.example", "type": "room"}])
    assert (result["status"], result["error"]["code"]) == ("failed", 9031)


def test_the_web_takes_three_calls_at_a_time(outlook):
    statuses = "Promise.all([1, 2, 3, 4].map(() => run('mailbox.item.subject.getAsync').then((r) => r.error?.code ?? r.status)))"
    _, pane = at(outlook)
    assert pane.evaluate(statuses) == ["succeeded", "succeeded", "succeeded", 5100]
    _, pane = at(outlook, profile="classic")
    assert pane.evaluate(statuses) == ["succeeded"] * 4


@pytest.mark.parametrize(
    ("profile", "highest", "missing"),
    [
        ("web", 16, []),
        ("mac", 14, ["sendAsync"]),
        ("onprem", 5, ["enhancedLocation", "recurrence", "organizer", "getItemIdAsync", "sessionData"]),
    ],
)
def test_a_client_offers_its_requirement_set_and_nothing_above(outlook, profile, highest, missing):
    _, pane = at(outlook, profile=profile)
    assert pane.evaluate("n => Office.context.requirements.isSetSupported('Mailbox', `1.${n}`)", highest) is True
    assert pane.evaluate("n => Office.context.requirements.isSetSupported('Mailbox', `1.${n}`)", highest + 1) is False
    assert pane.evaluate("names => names.filter((name) => name in Office.context.mailbox.item)", missing) == []
    assert pane.evaluate("'subject' in Office.context.mailbox.item") is True
    assert pane.evaluate("Boolean(window.nestedAppAuthBridge)") is (profile != "onprem")


def test_an_item_has_no_id_before_it_is_saved(outlook):
    _, pane = at(outlook)
    assert run(pane, f"{ITEM}.getItemIdAsync")["error"]["name"] == "ItemNotSaved"


def test_classic_sets_a_series_only_through_its_recurrence(outlook):
    page, pane = at(outlook, profile="classic")
    page.get_by_test_id("repeat").select_option("weekly")
    refused = pane.evaluate("run('mailbox.item.start.setAsync', new Date('2027-03-02T08:00Z')).then((r) => r.status)")
    assert refused == "failed"
    pane.evaluate(
        """async () => {
          const { value: series } = await run("mailbox.item.recurrence.getAsync");
          series.seriesTime.setStartTime(10, 30);
          series.recurrenceProperties.days = ["mon", "wed"];
          await run("mailbox.item.recurrence.setAsync", series);
        }"""
    )
    expect(page.get_by_test_id("start-time")).to_have_value("10:30")
    expect(page.get_by_test_id("repeat-words")).to_have_text("Every week on Mon, Wed until 29 Mar 2027")


def test_a_series_is_told_in_its_own_zone(outlook):
    page, pane = at(outlook)
    assert value(pane, f"{ITEM}.recurrence.getAsync") is None
    page.get_by_test_id("repeat").select_option("relativeMonthly")
    page.get_by_test_id("repeat-end").select_option("numbered")
    page.get_by_test_id("repeat-count").fill("3")
    page.get_by_test_id("repeat-count").blur()
    series = pane.evaluate(
        """async () => {
          const { value } = await run("mailbox.item.recurrence.getAsync");
          const time = value.seriesTime;
          return [value.recurrenceType, value.recurrenceProperties, value.recurrenceTimeZone, time.getStartDate(), time.getEndDate(), time.getStartTime(), time.getEndTime(), time.getDuration()];
        }"""
    )
    assert series == [
        "monthly", {"interval": 1, "dayOfWeek": "mon", "weekNumber": "first"}, {"name": "W. Europe Standard Time", "offset": 60},
        "2027-03-01", "2027-05-03", "T09:00:00.000", "T09:30:00.000", 30,
    ]  # fmt: skip


def test_local_times_are_the_mailbox_zone_on_the_web_and_the_computer_zone_in_classic(outlook):
    for profile, hours in (("web", 10), ("classic", 4)):
        _, pane = at(outlook, profile=profile)
        there_and_back = pane.evaluate(
            """() => {
              const local = Office.context.mailbox.convertToLocalClientTime(new Date("2027-07-01T08:30Z"));
              return [local.hours, local.minutes, local.month, Office.context.mailbox.convertToUtcClientTime(local).toISOString()];
            }"""
        )
        assert there_and_back == [hours, 30, 6, "2027-07-01T08:30:00.000Z"]


def test_notifications_stand_above_the_form_and_are_limited(outlook):
    page, pane = at(outlook)
    note = {"type": "informationalMessage", "message": "Amber is reserved. Send to keep it.", "icon": "i", "persistent": False}
    value(pane, f"{ITEM}.notificationMessages.addAsync", "held", note)
    expect(page.get_by_test_id("infobar")).to_have_text("Amber is reserved. Send to keep it.")
    assert run(pane, f"{ITEM}.notificationMessages.addAsync", "held", note)["error"]["name"] == "DuplicateNotificationKey"
    assert run(pane, f"{ITEM}.notificationMessages.addAsync", "long", note | {"message": "x" * 151})["status"] == "failed"
    value(pane, f"{ITEM}.notificationMessages.removeAsync", "held")
    expect(page.get_by_test_id("infobar")).to_have_count(0)


def test_session_data_and_callbacks_carry_what_was_given(outlook):
    _, pane = at(outlook)
    value(pane, f"{ITEM}.sessionData.setAsync", "key", "ORB-1")
    result = run(pane, f"{ITEM}.sessionData.getAsync", "key", {"asyncContext": {"mine": 7}})
    assert (result["value"], result["asyncContext"]) == ("ORB-1", {"mine": 7})
    assert run(pane, f"{ITEM}.sessionData.getAsync", "other")["error"]["name"] == "KeyNotFound"


def test_a_changed_theme_reaches_the_open_pane(outlook):
    page, pane = at(outlook)
    pane.evaluate(
        "() => { window.seen = new Promise((resolve) => Office.context.mailbox.addHandlerAsync(Office.EventType.OfficeThemeChanged, resolve)); }"
    )
    page.wait_for_timeout(150)
    page.get_by_test_id("theme").click()
    assert pane.evaluate("seen.then(({officeTheme}) => officeTheme.isDarkTheme && Office.context.officeTheme.isDarkTheme)") is True
    shoot(page, "compose-dark")


def test_the_stand_in_only_has_members_that_microsoft_describes():
    compiler = Path(__file__).parents[3] / "addin/node_modules/.bin/tsc"
    if not compiler.exists() or not shutil.which("node"):
        pytest.skip("the add-in's Node packages are not installed")
    checked = subprocess.run(
        [compiler, "-p", Path(__file__).parent / "tsconfig.json"], capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stdout
