/* Running the files of a test suite on several threads. Each job takes the next file that nobody
 * has taken, and prints once all files before it have been printed. */
#include "statetest_jobs.h"

#include <pthread.h>
#include <stdlib.h>

#include "report.h"

/* What became of a file. */
struct file_report {
    bool finished;
    struct case_counts counts;
    char *text; /* printed, then freed */
    size_t size;
    extvm_status status;
    extvm_error error; /* why it was not done */
};

struct run {
    const struct job_plan *plan;
    struct case_counts *counts;
    struct progress progress;
    pthread_mutex_t lock; /* over all that follows, and over `counts` */
    struct file_report *files;
    size_t next;         /* the first file that nobody has taken */
    size_t printed;      /* the first file that was not printed */
    bool stopped;        /* no more files are taken */
    extvm_status status; /* anything but EXTVM_OK: nothing more is printed */
    extvm_error *error;
};

static void stop(struct run *run, const extvm_error *error) {
    run->stopped = true;
    if (run->status == EXTVM_OK) {
        run->status = error->status;
        *run->error = *error;
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

static void print_file(struct run *run, struct file_report *file) {
    if (file->size > 0) {
        progress_pause(&run->progress);
        fwrite(file->text, 1, file->size, stdout);
        fflush(stdout);
        progress_resume(&run->progress);
    }
    free(file->text);
    file->text = NULL;
}

/* Prints all files that are finished and have none before them that is not. */
static void print_finished(struct run *run) {
    while (run->printed < run->plan->files->count && run->files[run->printed].finished &&
           run->status == EXTVM_OK) {
        struct file_report *file = &run->files[run->printed++];
        print_file(run, file);
        run->counts->passed += file->counts.passed;
        run->counts->failed += file->counts.failed;
        run->counts->skipped += file->counts.skipped;
        if (file->status != EXTVM_OK) {
            stop(run, &file->error);
        }
    }
}

static void finish_file(struct run *run, size_t index, const struct file_report *report) {
    pthread_mutex_lock(&run->lock);
    run->files[index] = *report;
    run->files[index].finished = true;
    run->stopped = run->stopped || report->status != EXTVM_OK;
    print_finished(run);
    pthread_mutex_unlock(&run->lock);
}

static struct file_report run_file(struct case_runner *runner, const char *path) {
    struct file_report report = {.finished = false};
    runner->counts = (struct case_counts){0};
    runner->out = open_memstream(&report.text, &report.size);
    if (runner->out == NULL) {
        report.status = complain_no_memory(&runner->error);
    } else {
        report.status = case_runner_run(runner, path);
        if (fclose(runner->out) != 0 && report.status == EXTVM_OK) {
            report.status = complain_no_memory(&runner->error);
        }
    }
    report.counts = runner->counts;
    report.error = runner->error;
    return report;
}

struct job {
    struct run *run;
    size_t vm; /* its index */
    pthread_t thread;
};

/* The files of one job, until there are none left. */
static void run_files(const struct job *job, extvm_vm *vm) {
    struct run *run = job->run;
    secp256k1_context *curve = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    struct case_runner runner = {
        .selection = run->plan->selection,
        .vm = vm,
        .vm_address = vm_options_address(run->plan->vm_options, job->vm),
        .curve = curve,
        .progress = &run->progress,
    };
    size_t index;
    for (const char *path; (path = take_file(run, &index)) != NULL;) {
        struct file_report report = run_file(&runner, path);
        finish_file(run, index, &report);
    }
    secp256k1_context_destroy(curve);
}

static void *run_job(void *context) {
    const struct job *job = context;
    struct run *run = job->run;
    extvm_vm *vm = NULL;
    extvm_error error;
    if (vm_options_open(run->plan->vm_options, job->vm, &vm, &error) == EXTVM_OK) {
        run_files(job, vm);
        vm_options_close(vm);
    } else {
        pthread_mutex_lock(&run->lock);
        stop(run, &error);
        pthread_mutex_unlock(&run->lock);
    }
    return NULL;
}

static void run_jobs(struct run *run, struct job *jobs) {
    size_t started = 0;
    while (started < run->plan->jobs) {
        struct job *job = &jobs[started];
        *job = (struct job){.run = run, .vm = started};
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

extvm_status jobs_run(const struct job_plan *plan, struct case_counts *counts, extvm_error *error) {
    struct run run = {
        .plan = plan, .counts = counts, .lock = PTHREAD_MUTEX_INITIALIZER, .error = error};
    struct pool pool = {NULL};
    struct job *jobs = pool_array(&pool, plan->jobs, sizeof *jobs);
    run.files = pool_array(&pool, plan->files->count, sizeof *run.files);
    if (jobs == NULL || run.files == NULL) {
        pool_free(&pool);
        return complain_no_memory(error);
    }
    *counts = (struct case_counts){0};
    progress_start(&run.progress);
    run_jobs(&run, jobs);
    progress_end(&run.progress);
    for (size_t i = 0; i < plan->files->count; i++) {
        free(run.files[i].text);
    }
    pool_free(&pool);
    return run.status;
}
