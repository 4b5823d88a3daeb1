"""Room Booker: meeting rooms for organisations that live in Outlook and run their buildings with TOPdesk."""

__version__ = "0.1.0"
