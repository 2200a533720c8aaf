"""What the worker does with requests: the one thread that uses llama.cpp.

Owns the loaded model and the order of its life: load, generate, unload. It takes jobs from the scheduler and gives
events to a sink; connections are not its business. Only counting tokens may happen beside it, from another thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    Planned,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.plan import LoadPlan
from finr1_desk.engine import llama, loading
from finr1_desk.engine.beside import KEPT_FOR_OTHERS, Writing, is_quick, is_sociable
from finr1_desk.engine.cache.idle import IdleWork
from finr1_desk.engine.decode.company import Company
from finr1_desk.engine.decode.decoding import Control
from finr1_desk.engine.decode.generation import Generation
from finr1_desk.engine.loading import Identity, Loaded
from finr1_desk.engine.plan.load_plan import load_plan
from finr1_desk.engine.prompt.building import builder_for
from finr1_desk.engine.prompt.template import TemplateProcess
from finr1_desk.engine.protocol import Count, Done, Forget, Generate, Load, PlanLoad, Reply, Unload
from finr1_desk.engine.scheduler import Job, Scheduler
from finr1_desk.engine.survival.progress import PATIENCE_BATCHES_S, PATIENCE_FIRST_S, PATIENCE_NODES_S, Progress
from finr1_desk.engine.survival.safe_mode import SafeModes
from finr1_desk.engine.worker_log import WorkerLog

_PROGRESS_S: Final = 0.1


class Service:
    """Runs jobs, one after the other; `templates` is the process that renders other models' templates, once needed.

    Args:
        send: gives a reply to one client; must not block.
        broadcast: gives a reply to all clients; must not block.
        modes: remembers which models need care.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        log: WorkerLog,
        send: Callable[[int, Reply], None],
        broadcast: Callable[[Reply], None],
        modes: SafeModes,
    ) -> None:
        self._scheduler = scheduler
        self._log = log
        self._send = send
        self._broadcast = broadcast
        self._modes = modes
        self._progress = Progress()
        self._on_trial = False  # the loaded model has not written a token yet that would prove its mode
        self._llama_log = llama.LlamaLog(log.write)
        self.templates = TemplateProcess()
        self._idle = IdleWork(log.write_error)
        self._model_lock = threading.Lock()  # held while a model is freed, and while it is used from elsewhere
        self._loaded: Loaded | None = None
        self._vocabulary: tuple[Identity, llama.Model] | None = None
        self._jobs: list[Job] = []  # that are at work

    @property
    def loaded(self) -> ModelLoaded | None:
        """What a new client is told."""
        loaded = self._loaded
        return None if loaded is None else ModelLoaded(loaded.facts)

    @contextlib.contextmanager
    def holding_model(self) -> Iterator[Loaded | None]:
        """The loaded model, not freed meanwhile; another thread may compute with it while no request is at work."""
        with self._model_lock:
            yield self._loaded

    def run(self) -> None:
        """Works until the process ends: at what is asked, and else at what will be asked next."""
        while True:
            self.run_one(self._scheduler.take(self._idle.due_s))

    @property
    def is_settled(self) -> bool:
        """Whether nothing is being done, for a client or without one."""
        return not self._jobs and self._idle.is_done

    def watch(self) -> None:
        """Tells all clients how far the work has come, for ever; for a thread of its own."""
        self._progress.tell(self._broadcast, self._look)

    def _look(self) -> int:
        """The tokens in the cache, which are progress too. Ends an answer whose model was changed on the disk."""
        loaded = self._loaded
        if loaded is None:
            return 0
        writing = [job for job in list(self._jobs) if isinstance(job.work, Generate)]
        if writing and loaded.is_overwritten():
            for job in writing:
                job.broken = _changed(loaded)
                job.cancelled.set()
        return sum(map(len, list(loaded.context.sequences.values())))

    def run_one(self, job: Job | None) -> None:
        """Does what a job asks for, and what may be done beside it until it has ended."""
        if job is None:
            self._use_idle_time()
            return
        with self._progress.working():
            self._run(job, self._do)

    def _run(self, job: Job, do: Callable[[Job], None]) -> None:
        """Does a job to its end, or until it has failed."""
        self._jobs.append(job)
        try:
            do(job)
        except Exception as error:
            self._tell_failure(job, error)
        finally:
            self._end(job)

    def _end(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
            self._scheduler.done(job)

    def _tell_failure(self, job: Job, error: Exception) -> None:
        """Tells the client why its request ended; a bug must not take the other clients' answers along."""
        if isinstance(error, UserError):
            finished = Finished(job.request, FinishReason.ERROR, code=error.code, params=error.params)
        elif isinstance(error, llama.LoadCancelledError):
            finished = Finished(job.request, FinishReason.CANCELLED)
        elif isinstance(error, MemoryError):
            finished = _out_of_memory(job)
        else:
            self._log.write_error(type(job.work).__name__, error)
            params = {"status": type(error).__name__}
            finished = Finished(job.request, FinishReason.ERROR, code=ErrorCode.DECODE_FAILED, params=params)
        self._send(job.client, finished)

    def _use_idle_time(self) -> None:
        loaded = self._loaded
        if loaded is None:
            return
        if loaded.is_overwritten():  # what its weights are now, nobody knows
            self._idle.clear()
            return
        try:
            self._idle.step(loaded)
        except Exception as error:  # nobody waits for it, and the next answer does without
            self._log.write_error("idle work", error)
            self._idle.clear()

    def _do(self, job: Job) -> None:
        work = job.work
        if isinstance(work, Load):
            self._load(job, work)
        elif isinstance(work, Generate):
            self._generate(job, work)
        elif isinstance(work, Count):
            self._count(job, work)
        elif isinstance(work, Forget):
            self._forget(job, work)
        elif isinstance(work, PlanLoad):
            self._send(job.client, Planned(work.request, self._planned(work.model)))
        else:
            self._unload(job, work)

    # -- jobs

    def _load(self, job: Job, work: Load) -> None:
        if self._is_served(work.model):
            self._send(job.client, Done(work.request))
            if self._loaded is not None:
                self._send(job.client, ModelLoaded(self._loaded.facts))
            return
        loaded = self._replace_model(job, work.model)
        self._send(job.client, Done(work.request))  # first, so that whoever sees the model loaded sees this ended
        self._broadcast(ModelLoaded(loaded.facts))

    def _generate(self, job: Job, work: Generate) -> None:
        """Writes an answer, and those that are asked for meanwhile and can be written beside it."""
        loaded, load_s = self._loaded, 0.0
        if loaded is None or not loaded.serves(work.generate.model):
            started = time.monotonic()
            loaded = self._replace_model(job, work.generate.model)
            load_s = time.monotonic() - started
            self._broadcast(ModelLoaded(loaded.facts))
        company = Company[Writing](loaded.context, on_gpu=loaded.facts.gpu_layers > 0)
        try:
            self._join(company, job, work, loaded, load_s)
            while company.members:
                for member in company.step():
                    self._leave(member.key, member.error)
                if self._scheduler.has_waiting:
                    self._let_in(company, loaded)
        except BaseException as error:
            for member in company.members:
                if member.key.job is not job and isinstance(error, Exception):
                    self._leave(member.key, error)
            company.close()
            raise

    def _join(self, company: Company[Writing], job: Job, work: Generate, loaded: Loaded, load_s: float) -> None:
        control = Control(job.cancelled, job.answer_now)
        generation = Generation(
            work.request, work.generate, loaded, load_s, control, lambda event: self._tell(job, event)
        )
        alone = work.generate.seed is not None
        company.join(Writing(job, generation), generation.steps(), control, alone=alone)

    def _leave(self, writing: Writing, error: Exception | None) -> None:
        """An answer has ended."""
        if error is not None:
            self._tell_failure(writing.job, error)
        elif writing.generation.answered is not None:
            self._idle.after(writing.generation.answered)
        self._end(writing.job)

    def _let_in(self, company: Company[Writing], loaded: Loaded) -> None:
        """Begins what waits and can be done beside the answers at work.

        A prompt is read when no other one is: what both begin with is computed once then.
        """

        def fits(job: Job) -> bool:
            work = job.work
            if not isinstance(work, Generate):
                return is_quick(work, loaded, {member.key.conversation for member in company.members})
            return company.may_grow and is_sociable(work.generate, loaded)

        if any(member.key.is_exclusive for member in company.members):
            return
        while not any(member.key.generation.is_reading and not member.has_ended for member in company.members):
            job = self._scheduler.take_beside(fits, max(1, company.most - KEPT_FOR_OTHERS))
            if job is None:
                return
            if isinstance(job.work, Generate):
                self._jobs.append(job)
                self._join(company, job, job.work, loaded, 0.0)
            else:
                self._run(job, self._do)

    def _forget(self, job: Job, work: Forget) -> None:
        self._idle.forget(work.conversation)
        if self._loaded is not None:
            self._loaded.cache.forget(work.conversation)
        self._send(job.client, Done(work.request))

    def _tell(self, job: Job, event: EngineEvent) -> None:
        """Passes on what a generation says."""
        if self._on_trial and isinstance(event, TextProduced):
            self._end_trial(well=True)
        if isinstance(event, Finished) and event.code is None:
            loaded = self._loaded
            error = _changed(loaded) if loaded is not None and loaded.is_overwritten() else job.broken
            if error is not None:
                event = replace(event, reason=FinishReason.ERROR, code=error.code, params=error.params)
        self._send(job.client, event)

    def _unload(self, job: Job, work: Unload) -> None:
        if not self._scheduler.others_at_work(job.client):
            self._free_model()
        self._send(job.client, Done(work.request))

    def _count(self, job: Job, work: Count) -> None:
        """Counts with the vocabulary alone, where the model is not the loaded one."""
        tokens = self.count_beside(work)
        if tokens is None:
            identity = Identity.of(work.model.path)
            if self._vocabulary is None or self._vocabulary[0] != identity:
                self._drop_vocabulary()
                self._vocabulary = (identity, loading.load_vocabulary(work.model.path, self._llama_log))
            builder = builder_for(self._vocabulary[1], work.model.path, self.templates)
            tokens = len(builder.build(work.turns))
        self._send(job.client, TokensCounted(work.request, tokens))

    def count_beside(self, work: Count) -> int | None:
        """Counts with the loaded model while it may be generating, from any thread; None where it is another model.

        Raises:
            UserError: `MODEL_NO_TEMPLATE`, or the file is gone.
        """
        with self._model_lock:
            loaded = self._loaded
            if loaded is None or loaded.identity != Identity.of(work.model.path):
                return None
            with self._progress.working():
                return len(loaded.prompts.build(work.turns))

    def _planned(self, request: ModelRequest) -> LoadPlan:
        """The plan that the model is loaded by; for another one, what would be done once that has gone.

        Raises:
            UserError: as `load_plan`.
        """
        loaded = self._loaded
        if loaded is not None and loaded.facts.request == request and loaded.facts.plan and loaded.serves(request):
            return loaded.facts.plan
        held = loaded.given_back if loaded is not None else None
        mode = self._modes.mode_of(loading.subject_of(request))
        return load_plan(request, self._llama_log, mode, held)

    # -- the model

    def _is_served(self, request: ModelRequest) -> bool:
        return self._loaded is not None and self._loaded.serves(request)

    def _replace_model(self, job: Job, request: ModelRequest) -> Loaded:
        """Loads what is asked for in place of what is loaded.

        Raises:
            UserError, llama.LoadCancelledError: as `loading.load`; then no model is loaded.
        """
        self._free_model()
        self._drop_vocabulary()
        told = 0.0

        def on_progress(fraction: float) -> bool:
            nonlocal told
            self._progress.step()
            now = time.monotonic()
            if now - told >= _PROGRESS_S or fraction >= 1.0:
                told = now
                self._broadcast(LoadProgress(request.path, fraction))
            return not job.cancelled.is_set()

        self._progress.patience_s = PATIENCE_FIRST_S
        subject = loading.subject_of(request)
        self._on_trial = True
        mode = self._modes.begin_trial(subject)
        if mode:
            self._log.write(f"safe mode {mode}")
        try:
            loaded = loading.load(
                request,
                self._llama_log,
                self.templates,
                on_progress=on_progress,
                should_abort=self._is_to_stop,
                mode=mode,
            )
        except BaseException:
            self._end_trial(well=False)
            raise
        self._loaded = loaded
        facts = loaded.facts
        self._log.write(
            f"loaded {facts.architecture} {facts.quantisation} context {facts.context_length} device {facts.device} "
            f"threads {facts.threads} in {facts.load_s:.2f} s"
        )
        if facts.plan is not None and facts.plan.given_up:
            self._log.write("given up: " + ", ".join(f"{g.what} {g.wanted} → {g.got}" for g in facts.plan.given_up))
        return loaded

    def _free_model(self) -> None:
        with self._model_lock:
            loaded, self._loaded = self._loaded, None
            self._idle.clear()
            if loaded is not None:
                loaded.close()
        self._end_trial(well=False)
        if loaded is not None:
            self._log.write("unloaded")
            self._broadcast(ModelUnloaded())

    def _drop_vocabulary(self) -> None:
        if self._vocabulary is not None:
            self._vocabulary[1].close()
            self._vocabulary = None

    def _end_trial(self, *, well: bool) -> None:
        """The loaded model has written its first token, or is gone before that."""
        if self._on_trial:
            self._on_trial = False
            self._modes.end_trial(well=well)
        if well and self._loaded is not None:
            on_gpu = self._loaded.facts.gpu_layers > 0
            self._progress.patience_s = PATIENCE_BATCHES_S if on_gpu else PATIENCE_NODES_S

    def _is_to_stop(self) -> bool:
        """Asked by llama.cpp between the nodes of a graph, which is how they are counted.

        What is computed for nobody is not wanted any more as soon as somebody asks.
        """
        self._progress.step()
        jobs = self._jobs
        if not jobs:
            return self._scheduler.has_waiting
        return any(job.cancelled.is_set() for job in jobs)


def _changed(loaded: Loaded) -> UserError:
    return UserError(ErrorCode.MODEL_CHANGED, path=loaded.identity.path)


def _out_of_memory(job: Job) -> Finished:
    """Python itself got no memory; llama.cpp tells of its own in other ways."""
    work = job.work
    model = work.generate.model if isinstance(work, Generate) else getattr(work, "model", None)
    params = {"context": model.context_length if model is not None else None}
    return Finished(job.request, FinishReason.ERROR, code=ErrorCode.OUT_OF_MEMORY, params=params)
