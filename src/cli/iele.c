/* extvm iele: assembles contracts from their text, and makes text of binary ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/ieleasm.h>

#include "command.h"
#include "command_line.h"
#include "file.h"
#include "json_write.h"
#include "nearest.h"
#include "pool.h"
#include "report.h"
#include "text.h"
#include "value.h"

static const char about[] =
    "assemble makes the binary contract of a text: of the last contract in it. disassemble makes\n"
    "text of a binary contract; when the assembler would not make the same bytes of that text, it\n"
    "begins with a comment that says so.";

static const char notes[] =
    "assemble prints the bytes as hex, with -o it writes them as they are; FILE of disassemble is\n"
    "either. With --json: {\"code\",\"size\"}, and {\"text\",\"exact\"}.\n"
    "Errors in the text name FILE:LINE:COLUMN.\n"
    "\n"
    "Example:\n"
    "  extvm iele assemble token.iele -o token.bin\n"
    "  extvm run --vm iele://127.0.0.1:8888 --deploy @token.bin --arg 1000";

struct iele_command {
    bool json;
    const char *out_path;
    struct pool pool;
    /* What came of it, with the library's allocator. */
    uint8_t *code;
    char *text;
};

static extvm_status take_json(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct iele_command *)context)->json = true;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"-o", "OUT", "write what is made to this file", NULL, offsetof(struct iele_command, out_path)},
    {"--json", NULL, "print one JSON document instead of text", take_json, 0},
};

/* -- assemble -- */

static extvm_status print_code(struct iele_command *command, extvm_bytes code, extvm_error *error) {
    if (command->json) {
        json_t *document = json_object();
        bool complete = document != NULL && json_put(document, "code", json_from_bytes(code)) &&
                        json_put(document, "size", json_integer((json_int_t)code.size));
        return json_print(json_complete(document, complete), error);
    }
    if (command->out_path != NULL) {
        return EXTVM_OK;
    }
    const char *hex = text_hex(&command->pool, code);
    if (hex == NULL) {
        return complain_no_memory(error);
    }
    puts(hex + 2); /* without its 0x */
    return output_check(error);
}

static extvm_status assemble(struct iele_command *command, const char *path, extvm_error *error) {
    extvm_bytes text;
    size_t size = 0;
    extvm_status status = file_read(path, &command->pool, &text, error);
    if (status == EXTVM_OK) {
        status = extvm_iele_assemble((const char *)text.data, text.size, path, NULL, &command->code,
                                     &size, error);
    }
    if (status == EXTVM_OK && command->out_path != NULL) {
        status = file_replace(command->out_path, (extvm_bytes){command->code, size}, error);
    }
    return status == EXTVM_OK ? print_code(command, (extvm_bytes){command->code, size}, error)
                              : status;
}

/* -- disassemble -- */

/* The bytes that a file's hex text stands for; what is no such text is taken as it is. */
static extvm_status decode_file(struct pool *pool, extvm_bytes content, extvm_bytes *out,
                                extvm_error *error) {
    static const char white_space[] = " \t\r\n";
    const char *text = (const char *)content.data;
    *out = content;
    if (content.size == 0 || memchr(text, '\0', content.size) != NULL) {
        return EXTVM_OK;
    }
    size_t start = strspn(text, white_space), end = content.size;
    while (end > start && strchr(white_space, text[end - 1]) != NULL) {
        end--;
    }
    char *digits = pool_take(pool, end - start + 1);
    if (digits == NULL) {
        return complain_no_memory(error);
    }
    memcpy(digits, text + start, end - start);
    extvm_status status = value_data(digits, pool, out);
    return status == EXTVM_NO_MEMORY ? complain_no_memory(error) : EXTVM_OK;
}

static extvm_status print_text(struct iele_command *command, size_t size, bool exact,
                               extvm_error *error) {
    if (command->json) {
        json_t *document = json_object();
        bool complete = document != NULL &&
                        json_put(document, "text", json_stringn(command->text, size)) &&
                        json_put(document, "exact", json_boolean(exact));
        return json_print(json_complete(document, complete), error);
    }
    if (command->out_path == NULL) {
        fwrite(command->text, 1, size, stdout);
    }
    return output_check(error);
}

static extvm_status disassemble(struct iele_command *command, const char *path,
                                extvm_error *error) {
    extvm_bytes content, code;
    size_t size = 0;
    bool exact = false;
    extvm_status status = file_read(path, &command->pool, &content, error);
    if (status == EXTVM_OK) {
        status = decode_file(&command->pool, content, &code, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    status = extvm_iele_disassemble(code, NULL, &command->text, &size, &exact, error);
    if (status != EXTVM_OK) {
        return complain_about(error, path);
    }
    if (command->out_path != NULL) {
        status = file_replace(command->out_path,
                              (extvm_bytes){(const uint8_t *)command->text, size}, error);
    }
    return status == EXTVM_OK ? print_text(command, size, exact, error) : status;
}

/* -- the two verbs -- */

static const struct verb {
    const char *name;
    extvm_status (*run)(struct iele_command *command, const char *path, extvm_error *error);
} verbs[] = {{"assemble", assemble}, {"disassemble", disassemble}};

static extvm_status run_verb(void *context, int count, char **operands, enum exit_code *code,
                             extvm_error *error) {
    struct iele_command *command = context;
    (void)code;
    if (count == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "iele needs assemble or disassemble (extvm iele --help says more)");
    }
    struct nearest nearest = nearest_to(operands[0]);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        nearest_offer(&nearest, verbs[i].name);
        if (strcmp(verbs[i].name, operands[0]) != 0) {
            continue;
        }
        if (count != 2) {
            return complain(error, EXTVM_INVALID_ARGUMENT, "iele %s %s", verbs[i].name,
                            count < 2 ? "needs a FILE" : "takes one FILE");
        }
        return verbs[i].run(command, operands[1], error);
    }
    return complain(error, EXTVM_INVALID_ARGUMENT, "iele %s: it must be assemble or disassemble%s",
                    quote(operands[0]).text, nearest_hint(&nearest).text);
}

int command_iele(int argc, char **argv) {
    struct iele_command command = {.json = false};
    const struct option_group group = {"Options", specs, sizeof specs / sizeof specs[0], &command};
    const struct command_line line = {
        .usage = "extvm iele assemble FILE.iele [-o OUT]\n"
                 "       extvm iele disassemble FILE [-o OUT]",
        .about = about,
        .notes = notes,
        .groups = &group,
        .group_count = 1,
        .operands = true,
        .run = run_verb,
    };
    int exit_status = command_line_run(&line, &command, argc, argv);
    const extvm_allocator *allocator = extvm_default_allocator();
    allocator->release(allocator->context, command.code);
    allocator->release(allocator->context, command.text);
    pool_free(&command.pool);
    return exit_status;
}
