"""Stand-ins for TOPdesk, Exchange (Microsoft Graph) and Entra that a laptop can run; speaks HTTP only."""
