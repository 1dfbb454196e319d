"""Who answers on the Admin side's listeners. Not for: the answers (gateway.admin)."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import TYPE_CHECKING

from gateway.admin import target_health
from gateway.admin.api import AdminApi
from gateway.admin.guard import Guard
from gateway.admin.manager import Manager
from gateway.admin.metrics_endpoint import MetricsText
from gateway.admin.node import Node
from gateway.admin.pages import Pages
from gateway.admin.status import StatusApi
from gateway.settings.loopback import is_loopback

if TYPE_CHECKING:
    from gateway.transport.process import Control, Handler

_log = logging.getLogger("gateway")


def handlers(control: Control) -> dict[str, Handler]:
    """Setting -> handler of its listeners."""
    settings = control.settings
    node = Node(
        settings,
        socket.gethostname(),
        os.getpid(),
        control.node_id,
        statistics=control.statistics,
        refresh=control.gather,
        set_log_level=control.set_log_level,
    )
    guard = Guard(
        settings.admin_hosts,
        addresses=any(not is_loopback(one.host) for one in (*settings.admin_listen, *settings.admin_gui_listen)),
        origins=settings.admin_gui_url,
        ports=[listener.port for listener in settings.admin_gui_listen],
    )
    metrics = MetricsText(node, control.gather, lambda: target_health.metrics(control.store.config, control.marks))
    admin = AdminApi(control.store, node, guard, log=_log.error, metrics=metrics, marks=control.marks)
    status = StatusApi(control.store, node, problem=control.unready, metrics=metrics)
    manager = Manager(
        admin,
        ask=control.ask,
        resolve=control.resolve,
        recall=control.recall,
        watch=control.watch,
        clock=time.monotonic,
    )
    visitors = Guard(
        settings.admin_hosts,
        addresses=any(not is_loopback(one.host) for one in (*settings.portal_gui_listen, *settings.portal_api_listen)),
    )
    pages = Pages(control.store, settings, visitors, time.monotonic)
    return {
        "KONG_ADMIN_LISTEN": admin.handle,
        "KONG_ADMIN_GUI_LISTEN": manager.handle,
        "KONG_PORTAL_GUI_LISTEN": pages.portal,
        "KONG_PORTAL_API_LISTEN": pages.files,
        "KONG_STATUS_LISTEN": status.handle,
    }
