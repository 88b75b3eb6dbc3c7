"""The admin and its lists."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from benchmarks.peers.djangoadmin.models import Run, Uncounted
from benchmarks.peers.tables import COLUMNS


class Runs(admin.ModelAdmin):  # type: ignore[misc]
    """The list of runs."""

    list_display = COLUMNS
    list_select_related = ("workspace", "tenant")
    list_filter = ("status", "outcome")
    list_per_page = 50
    ordering = ("-created_at", "-id")


class UncountedRuns(Runs):
    """The same, without the number of all runs beside that of the filtered ones."""

    show_full_result_count = False


admin.site.register(Run, Runs)
admin.site.register(Uncounted, UncountedRuns)
urlpatterns = [path("admin/", admin.site.urls)]
