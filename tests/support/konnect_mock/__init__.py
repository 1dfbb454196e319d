"""Kong Konnect on loopback: its API with its strictness and its faults, and the channel that data planes come by."""
