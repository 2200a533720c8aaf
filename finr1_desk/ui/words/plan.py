"""What is said about how a model is or would be loaded.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only, so that the
terminal can say the same.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.plan import DeviceShare, GivenUp, LoadPlan
from finr1_desk.core.wording import count_text, filled

translate = QCoreApplication.translate

_GIB = 2**30


def plan_lines(plan: LoadPlan) -> list[str]:
    """Where the layers lie and what they take, a line for each device; then context, cache and threads."""
    return [*(_device_line(plan, share) for share in plan.devices if share.layers), _rest_line(plan)]


def plan_line(plan: LoadPlan) -> str:
    """The devices in one line."""
    return "; ".join(_device_line(plan, share) for share in plan.devices if share.layers)


def given_up_line(plan: LoadPlan) -> str:
    """What memory did not suffice for; empty where nothing was given up."""
    if not plan.given_up:
        return ""
    named = " · ".join(map(_given_up, plan.given_up))
    return filled(translate("PlanWords", "The model could not be loaded as wished: %1."), named)


def _device_line(plan: LoadPlan, share: DeviceShare) -> str:
    sizes = filled(
        translate("PlanWords", "weights %1, KV %2, compute %3 GiB"),
        _gib(share.weights),
        _gib(share.cache),
        _gib(share.compute),
    )
    if share.is_gpu:
        template = translate("PlanWords", "%1 of %2 layers on %3, %4 GB: %5")
        size = f"{share.total / _GIB:.0f}"  # as it is printed on the box
        return filled(template, str(share.layers), str(plan.layers), share.description, size, sizes)
    if share.layers == plan.layers:
        return filled(translate("PlanWords", "All layers on the processor: %1; %2 GiB free"), sizes, _gib(share.free))
    template = translate("PlanWords", "%1 of %2 layers on the processor: %3; %4 GiB free")
    return filled(template, str(share.layers), str(plan.layers), sizes, _gib(share.free))


def _rest_line(plan: LoadPlan) -> str:
    flash = translate("PlanWords", "on") if plan.flash_attention else translate("PlanWords", "off")
    return filled(
        translate("PlanWords", "Context %1 tokens, KV cache %2, flash attention %3, batches of %4, threads %5"),
        count_text(plan.context_length),
        plan.kv_type,
        flash,
        str(plan.batch),
        str(plan.threads),
    )


def _given_up(given: GivenUp) -> str:
    match given.what:
        case "kv_type":
            return filled(translate("PlanWords", "KV cache %1 instead of %2"), given.got, given.wanted)
        case "context_length":
            got, wanted = count_text(int(given.got)), count_text(int(given.wanted))
            return filled(translate("PlanWords", "context %1 instead of %2 tokens"), got, wanted)
        case "gpu_layers":
            return filled(translate("PlanWords", "%1 instead of %2 layers on the GPU"), given.got, given.wanted)
        case _:
            return filled(translate("PlanWords", "flash attention %1 instead of %2"), given.got, given.wanted)


def _gib(size: int) -> str:
    """In GiB, with more digits where one would say nothing."""
    value = size / _GIB
    return f"{value:.1f}" if value >= 0.1 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"
