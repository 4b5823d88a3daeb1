"""For gunicorn: `gunicorn roombooker.wsgi:app`; `roombooker serve` does that with the settings' numbers."""

from roombooker.app import build
from roombooker.settings import load

app = build(load()).web
