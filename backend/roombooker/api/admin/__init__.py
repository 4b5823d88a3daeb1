"""/api/v1/admin: what the admin pages use; app role RoomBooker.Admin for all of it, RoomBooker.Support to read."""

from roombooker.api.admin import log, people, rooms, work_items

parts = (work_items.part, rooms.part, log.part, people.part)
