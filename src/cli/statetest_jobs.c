/* Running the files of a test suite on several threads. Each job takes the next file that nobody
 * has taken, and prints once all files before it have been printed. */
#include "statetest_jobs.h"

#include <pthread.h>
#include <stdlib.h>

/* What became of a file. */
struct file_report {
    bool finished;
    enum file_outcome outcome;
    struct case_counts counts;
    char *text; /* printed, then freed */
    size_t size;
    extvm_error error; /* why it was not done */
};

struct run {
    const struct job_plan *plan;
    struct job_report *report;
    pthread_mutex_t lock; /* over all that follows, and over `report` */
    struct file_report *files;
    size_t next;    /* the first file that nobody has taken */
    size_t printed; /* the first file that was not printed */
    bool stopped;   /* no more files are taken */
};

static void stop(struct run *run, enum file_outcome outcome, const char *file,
                 const extvm_error *error) {
    run->stopped = true;
    if (run->report->outcome == FILE_DONE) {
        run->report->outcome = outcome;
        run->report->file = file;
        run->report->error = *error;
    }
}

static const char *take_file(struct run *run, size_t *index) {
    const char *path = NULL;
    pthread_mutex_lock(&run->lock);
    if (!run->stopped && run->next < run->plan->files->count) {
        *index = run->next++;
        path = run->plan->files->paths[*index];
    }
    pthread_mutex_unlock(&run->lock);
    return path;
}

static void show_progress(const struct run *run) {
    if (run->plan->shows_progress) {
        fprintf(stderr, "\r%zu of %zu files", run->printed, run->plan->files->count);
    }
}

/* Prints all files that are finished and have none before them that is not. */
static void print_finished(struct run *run) {
    while (run->printed < run->plan->files->count && run->files[run->printed].finished &&
           run->report->outcome == FILE_DONE) {
        struct file_report *file = &run->files[run->printed];
        struct case_counts *counts = &run->report->counts;
        if (file->size > 0) {
            fwrite(file->text, 1, file->size, stdout);
        }
        counts->passed += file->counts.passed;
        counts->failed += file->counts.failed;
        counts->skipped += file->counts.skipped;
        if (file->outcome != FILE_DONE) {
            stop(run, file->outcome, run->plan->files->paths[run->printed], &file->error);
        }
        free(file->text);
        file->text = NULL;
        run->printed++;
    }
    show_progress(run);
}

static void finish_file(struct run *run, size_t index, const struct file_report *report) {
    pthread_mutex_lock(&run->lock);
    run->files[index] = *report;
    run->files[index].finished = true;
    run->stopped = run->stopped || report->outcome != FILE_DONE;
    print_finished(run);
    pthread_mutex_unlock(&run->lock);
}

static struct file_report run_file(struct case_runner *runner, const char *path) {
    struct file_report report = {0};
    runner->counts = (struct case_counts){0};
    runner->out = open_memstream(&report.text, &report.size);
    if (runner->out == NULL) {
        snprintf(runner->error.text, sizeof runner->error.text, "no memory for its output");
        runner->error.status = EXTVM_NO_MEMORY;
        report.outcome = FILE_BREAKS_OFF;
    } else {
        report.outcome = case_runner_run(runner, path);
        fclose(runner->out);
    }
    report.counts = runner->counts;
    report.error = runner->error;
    return report;
}

/* The files of one job, until there are none left. */
static void run_files(struct run *run, extvm_vm *vm, const char *vm_address,
                      const secp256k1_context *curve) {
    struct case_runner runner = {
        .selection = run->plan->selection, .vm = vm, .vm_address = vm_address, .curve = curve};
    size_t index;
    for (const char *path; (path = take_file(run, &index)) != NULL;) {
        struct file_report report = run_file(&runner, path);
        finish_file(run, index, &report);
    }
}

struct job {
    struct run *run;
    const char *vm;
    pthread_t thread;
};

static void *run_job(void *context) {
    struct job *job = context;
    struct run *run = job->run;
    extvm_vm *vm = NULL;
    extvm_error error;
    secp256k1_context *curve = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    if (extvm_open(job->vm, run->plan->options, &vm, &error) == EXTVM_OK) {
        run_files(run, vm, job->vm, curve);
        extvm_close(vm);
    } else {
        pthread_mutex_lock(&run->lock);
        stop(run, FILE_BREAKS_OFF, NULL, &error);
        pthread_mutex_unlock(&run->lock);
    }
    secp256k1_context_destroy(curve);
    return NULL;
}

static void run_jobs(struct run *run, struct job *jobs) {
    size_t started = 0;
    while (started < run->plan->jobs) {
        struct job *job = &jobs[started];
        *job = (struct job){.run = run, .vm = run->plan->vms[started % run->plan->vm_count]};
        if (pthread_create(&job->thread, NULL, run_job, job) != 0) {
            break;
        }
        started++;
    }
    if (started == 0) { /* then in this one */
        run_job(&jobs[0]);
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(jobs[i].thread, NULL);
    }
}

void jobs_run(const struct job_plan *plan, struct job_report *report) {
    struct run run = {.plan = plan, .report = report, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct job *jobs = calloc(plan->jobs, sizeof *jobs);
    *report = (struct job_report){0};
    run.files = calloc(plan->files->count, sizeof *run.files);
    if (jobs == NULL || run.files == NULL) {
        extvm_error error = {EXTVM_NO_MEMORY, "no memory for the jobs"};
        stop(&run, FILE_BREAKS_OFF, NULL, &error);
    } else {
        run_jobs(&run, jobs);
    }
    for (size_t i = 0; run.files != NULL && i < plan->files->count; i++) {
        free(run.files[i].text);
    }
    if (plan->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    free(run.files);
    free(jobs);
}
