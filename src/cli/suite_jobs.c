/* Running the files of a test suite on several threads. Each job takes the next file that nobody
 * has taken, and prints once all files before it have been printed. */
#include "suite_jobs.h"

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

/* All of it. */
struct run {
    const struct suite_plan *plan;
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

void suite_count(struct suite_job *job, bool passed) {
    *(passed ? &job->counts.passed : &job->counts.failed) += 1;
    progress_count(job->progress, passed);
}

bool suite_breaks_off(extvm_status status) {
    extvm_status_class status_class = extvm_status_classify(status);
    return status_class == EXTVM_CLASS_UNREACHABLE || status_class == EXTVM_CLASS_REJECTED ||
           status == EXTVM_NO_MEMORY;
}

/* -- files, taken one by one and printed in order -- */

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

/* -- jobs -- */

struct job {
    struct run *run;
    size_t vm; /* its index */
    pthread_t thread;
};

static struct file_report run_file(suite_run_file *run_it, struct suite_job *job,
                                   const char *path) {
    struct file_report report = {.finished = false};
    job->counts = (struct case_counts){0};
    job->out = open_memstream(&report.text, &report.size);
    if (job->out == NULL) {
        report.status = complain_no_memory(&job->error);
    } else {
        report.status = run_it(job, path);
        if (fclose(job->out) != 0 && report.status == EXTVM_OK) {
            report.status = complain_no_memory(&job->error);
        }
    }
    report.counts = job->counts;
    report.error = job->error;
    return report;
}

/* The files of one job, until there are none left. */
static void run_files(const struct job *job, extvm_vm *vm) {
    struct run *run = job->run;
    struct suite_job work = {
        .selection = run->plan->selection,
        .vm = vm,
        .vm_address = vm_options_address(run->plan->vm_options, job->vm),
        .json = run->plan->vm_options->json,
        .progress = &run->progress,
    };
    size_t index;
    for (const char *path; (path = take_file(run, &index)) != NULL;) {
        struct file_report report = run_file(run->plan->run_file, &work, path);
        finish_file(run, index, &report);
    }
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

extvm_status suite_run(const struct suite_plan *plan, struct case_counts *counts,
                       extvm_error *error) {
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
