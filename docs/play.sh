# Plays people and operators against a running `make demo`: source it in bash (`. docs/play.sh`), then see README, "Play it by hand".
# It speaks to the two sides' own APIs only, with the sandbox's published sign-ins. DAY is in 30 days: beyond the seeded fortnight.
SANDBOX=${SANDBOX:-http://localhost:8090}
PRODUCT=${PRODUCT:-http://localhost:8000}
DAY=${DAY:-$(date -u -d '+30 days' +%F)}
TENANT=5bd0f2c2-6a0e-4f57-9a4f-6f0c0a7b1c11
APP=0b6f3a52-2f0d-4b8e-8d2e-7c6f5e4d3c2b

pick() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }
entra() { curl -s "$SANDBOX/entra/$TENANT/oauth2/v2.0/token" -d client_id=$APP "$@" | pick "['access_token']"; }
person() { entra -d grant_type=password -d "username=$1@contoso.example" -d password=sandbox -d "scope=$2"; }

# be alice.jansen: whose calendar the next lines write to
be() {
  WHO=$1
  GRAPH_TOKEN=$(person "$1" https://graph.microsoft.com/Calendars.ReadWrite)
  OUR_TOKEN=$(person "$1" "api://$APP/Booking.ReadWrite")
}

# graph METHOD PATH [JSON] as that person · topdesk METHOD PATH [JSON] as the operator · ours METHOD PATH [JSON] · control JSON
graph() { curl -s -X "$1" "$SANDBOX/graph/v1.0$2" -H "Authorization: Bearer $GRAPH_TOKEN" -H 'Content-Type: application/json' ${3:+-d "$3"}; }
topdesk() { curl -s -X "$1" "$SANDBOX/topdesk/tas/api$2" -u roombooker:sandbox-app-password -H 'Content-Type: application/json' ${3:+-d "$3"}; }
ours() { curl -s -X "$1" "$PRODUCT/api/v1$2" -H "Authorization: Bearer $OUR_TOKEN" -H 'Content-Type: application/json' -H "Idempotency-Key: $RANDOM$RANDOM" ${3:+-d "$3"}; }
control() { curl -s -X PATCH "$SANDBOX/control" -H 'Content-Type: application/json' -d "$1" >/dev/null; }

at() { printf '{"dateTime":"%sT%s:00","timeZone":"UTC"}' "$DAY" "$1"; }
with() { printf '"attendees":[{"type":"resource","emailAddress":{"address":"room.%s@contoso.example"}}],"location":{"displayName":"%s"}' "$1" "$1"; }

# invite 10:00 11:00 amber "Budget" [more JSON]: a meeting with that room, as a phone makes it; E is its id
invite() { E=$(graph POST /me/events "{\"subject\":\"$4\",\"start\":$(at "$1"),\"end\":$(at "$2"),$(with "$3")${5:+,$5}}" | pick "['id']"); }
shift_to() { graph PATCH "/me/events/$E" "{\"start\":$(at "$1"),\"end\":$(at "$2")}" >/dev/null; }
swap_to() { graph PATCH "/me/events/$E" "{$(with "$1")}" >/dev/null; }
call_off() { graph POST "/me/events/$E/cancel" '{"comment":"Not needed"}'; }

# reserve 10:00 11:00 amber: Bob's reservation, made by an operator in TOPdesk; R is its id
location() { topdesk GET '/reservableLocations?$top=1000' | pick "['results']" | python3 -c "import ast, sys; print(next(r['id'] for r in ast.literal_eval(sys.stdin.read()) if r['name'].lower().replace(' ', '-') == '$1'))"; }
reserve() {
  local bob
  bob=$(curl -s -G "$SANDBOX/topdesk/tas/api/persons" -u roombooker:sandbox-app-password -H 'Accept: application/x.topdesk-collection-person-v2+json' --data-urlencode 'query=email==bob.devries@contoso.example' | pick "['item'][0]['id']")
  R=$(topdesk POST /reservations "{\"requester\":{\"id\":\"$bob\"},\"briefDescription\":\"Desk talk\",\"plannedStartDate\":\"${DAY}T$1:00Z\",\"plannedEndDate\":\"${DAY}T$2:00Z\",\"reservedFacilities\":[{\"location\":{\"id\":\"$(location "$3")\"}}]}" | pick "['id']")
}
reschedule_to() { topdesk POST "/reservations/$R/reschedule" "{\"plannedStartDate\":\"${DAY}T$1:00Z\",\"plannedEndDate\":\"${DAY}T$2:00Z\"}" >/dev/null; }
move_to() { topdesk POST "/reservations/$R/reservedFacilities/move" "{\"from\":{\"location\":{\"id\":\"$(location "$1")\"}},\"to\":{\"location\":{\"id\":\"$(location "$2")\"}}}" >/dev/null; }
cancel() { topdesk POST "/reservations/$R/cancel" >/dev/null; }
approve() { topdesk POST "/reservations/$R/approve" >/dev/null; }
reject() { topdesk POST "/reservations/$R/reject" "{\"id\":\"$(topdesk GET /reservationRejectionReasons | pick "['results'][0]['id']")\"}" >/dev/null; }
cater() { topdesk POST "/reservations/$R/reservedServices" "{\"facility\":{\"location\":{\"id\":\"$(location "$1")\"}},\"addServices\":[{\"name\":\"Coffee and tea\"}]}" >/dev/null; }

# theirs 10:00 amber: R becomes the id of the live reservation of that room at that time
theirs() {
  R=$(topdesk GET "/reservations?query=reservedFacilities.location.id==$(location "$2");plannedStartDate==${DAY}T$1:00Z" | python3 -c "
import json, sys
print(next((r['id'] for r in json.load(sys.stdin)['results'] if r['status'] in ('planned', 'request')), ''))")
}

# see amber: what each side says is in that room on DAY
see() {
  local app
  app=$(entra -d grant_type=client_credentials -d client_secret=sandbox-client-secret -d scope=https://graph.microsoft.com/.default)
  topdesk GET "/reservations?query=reservedFacilities.location.id==$(location "$1");plannedStartDate=ge=${DAY}T00:00:00Z;plannedStartDate=le=${DAY}T23:59:00Z" | python3 -c "
import json, sys
for r in json.load(sys.stdin)['results']:
    print('TOPdesk  ', r['plannedStartDate'][11:16], r['plannedEndDate'][11:16], r['status'], '|', r['requester']['name'], '|', r.get('numberOfPersons', '-'), '|', r.get('briefDescription') or '-', '|', r['number'], r['optionalFields1'].get('text1', ''))"
  curl -s "$SANDBOX/graph/v1.0/users/room.$1@contoso.example/calendarView?startDateTime=${DAY}T00:00:00Z&endDateTime=${DAY}T23:59:00Z" -H "Authorization: Bearer $app" | python3 -c "
import json, sys
for e in json.load(sys.stdin)['value']:
    print('Exchange ', e['start']['dateTime'][11:16], e['end']['dateTime'][11:16], 'cancelled' if e.get('isCancelled') else e['responseStatus']['response'], '|', e['organizer']['emailAddress']['name'], '|', e['subject'])"
}

# answer: what the room answered to meeting E
answer() { graph GET "/me/events/$E" | pick "['attendees'][0]['status']['response']"; }

be "${WHO:-alice.jansen}"
