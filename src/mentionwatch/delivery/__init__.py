"""Text out of the machine: mails, alerts, hand-offs. What is sent, and when, is decided in app."""
