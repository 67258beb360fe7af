"""Feedback over HTTP: rate, decide on rework, finish tracking; the figures."""

from fastapi import APIRouter

from shared.commands import DecideRework, FinishTracking, RateReply
from shared.service import Service
from shared.web import command_routes

ROLES = {RateReply: "entrepreneur", DecideRework: "office", FinishTracking: "leader"}


def routes(service: Service) -> APIRouter:
    """One route a command; figures with numerators and denominators."""
    return command_routes(service, ROLES)
