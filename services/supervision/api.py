"""Supervision's routes: what there is to read is in shared/web.py; it takes no commands from people yet."""

from fastapi import APIRouter

from shared.service import Service


def routes(service: Service) -> APIRouter:
    """No routes of its own yet: the ladder, orders and cards come with their issue."""
    return APIRouter()
