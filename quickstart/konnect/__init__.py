"""Kong Konnect as the control plane: account, control plane, certificate, configuration and the data plane beside it.

Not for: the gateway of this project, which runs without any of this.
"""
