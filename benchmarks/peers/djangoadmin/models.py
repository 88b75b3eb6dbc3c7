"""The tables as Django's models."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from benchmarks.peers.tables import OUTCOMES, STATUSES


class Workspace(models.Model):
    """A workspace."""

    name = models.TextField()

    class Meta:  # noqa: D106
        managed = False
        db_table = "workspaces"

    def __str__(self) -> str:
        return str(self.name)


class Tenant(models.Model):
    """A tenant."""

    name = models.TextField()

    class Meta:  # noqa: D106
        managed = False
        db_table = "tenants"

    def __str__(self) -> str:
        return str(self.name)


class Run(models.Model):
    """A run."""

    id = models.BigIntegerField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.DO_NOTHING)
    tenant = models.ForeignKey(Tenant, models.DO_NOTHING, null=True)
    initiator_name = models.TextField(null=True)
    type = models.TextField()
    status = models.TextField(choices=[(each, each) for each in STATUSES])
    outcome = models.TextField(choices=[(each, each) for each in OUTCOMES])
    context = models.TextField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:  # noqa: D106
        managed = False
        db_table = "operation_runs"
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return str(self.id)


class Uncounted(Run):
    """The same, for a list that does not count twice."""

    class Meta:  # noqa: D106
        proxy = True
