/* Parsing the script of a scripted VM. */
#include "support/script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_SIZE = 256, DEFINITIONS = 64, NAME_SIZE = 32 };

struct parser {
    struct script *script;
    char *error;
    unsigned line;
    struct {
        char name[NAME_SIZE];
        char *hex;
    } definitions[DEFINITIONS];
    size_t definition_count;
};

static int fail(struct parser *parser, const char *what, const char *word) {
    snprintf(parser->error, ERROR_SIZE, "script line %u: %s \"%.60s\"", parser->line, what, word);
    return 0;
}

static struct step *add_step(struct parser *parser, enum step_kind kind) {
    struct script *script = parser->script;
    script->steps = realloc(script->steps, (script->count + 1) * sizeof *script->steps);
    struct step *step = &script->steps[script->count++];
    *step = (struct step){.kind = kind, .line = parser->line};
    return step;
}

static const char *find_definition(const struct parser *parser, const char *word) {
    for (size_t i = 0; i < parser->definition_count; i++) {
        if (strcmp(parser->definitions[i].name, word) == 0) {
            return parser->definitions[i].hex;
        }
    }
    return NULL;
}

/* The words of `text` as one run of hex digits, names replaced; NULL after a failure. */
static char *expand(struct parser *parser, char *text) {
    char *digits = strdup("");
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        const char *hex = find_definition(parser, word);
        hex = hex != NULL ? hex : word;
        if (strspn(hex, "0123456789abcdefABCDEF") != strlen(hex)) {
            fail(parser, "neither hex nor a defined name:", word);
            free(digits);
            return NULL;
        }
        digits = realloc(digits, strlen(digits) + strlen(hex) + 1);
        strcat(digits, hex);
    }
    return digits;
}

static int add_bytes(struct parser *parser, enum step_kind kind, char *text) {
    char *digits = expand(parser, text);
    if (digits == NULL) {
        return 0;
    }
    size_t size = strlen(digits) / 2;
    if (strlen(digits) % 2 != 0 || size == 0) {
        free(digits);
        return fail(parser, "no whole bytes:", text);
    }
    struct step *step = add_step(parser, kind);
    step->data = malloc(size);
    step->size = size;
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        sscanf(digits + 2 * i, "%2x", &byte);
        step->data[i] = (uint8_t)byte;
    }
    free(digits);
    return 1;
}

static int define(struct parser *parser, char *text) {
    size_t length = strcspn(text, " \t");
    if (length == 0 || length >= NAME_SIZE || parser->definition_count == DEFINITIONS) {
        return fail(parser, "cannot define", text);
    }
    char *value = text + length + (text[length] != '\0' ? 1 : 0);
    text[length] = '\0';
    char *hex = expand(parser, value);
    if (hex == NULL) {
        return 0;
    }
    strcpy(parser->definitions[parser->definition_count].name, text);
    parser->definitions[parser->definition_count++].hex = hex;
    return 1;
}

static int add_command(struct parser *parser, const char *word, const char *argument) {
    static const struct {
        const char *word;
        enum step_kind kind;
        int has_number;
    } commands[] = {
        {"session", STEP_SESSION, 0},
        {"nagle", STEP_NAGLE, 0},
        {"split", STEP_SPLIT, 1},
        {"delay", STEP_DELAY, 1},
        {"half-close", STEP_HALF_CLOSE, 0},
        {"close", STEP_CLOSE, 0},
        {"reset", STEP_RESET, 0},
        {"stall", STEP_STALL, 0},
        {"halt", STEP_HALT, 0},
        {"mark", STEP_MARK, 0},
        {"take", STEP_TAKE, 1},
        {"slow-end", STEP_SLOW_END, 1},
        {"sip", STEP_SIP, 1},
        {"deaf", STEP_DEAF, 0},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(word, commands[i].word) == 0) {
            struct step *step = add_step(parser, commands[i].kind);
            step->number = commands[i].has_number ? (unsigned)strtoul(argument, NULL, 10) : 0;
            return 1;
        }
    }
    return fail(parser, "no such step:", word);
}

static int parse_line(struct parser *parser, char *line) {
    line += strspn(line, " \t");
    line[strcspn(line, "#")] = '\0';
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1])) {
        line[--length] = '\0';
    }
    if (length == 0) {
        return 1;
    }
    size_t word_length = strcspn(line, " \t");
    char *argument = line + word_length + strspn(line + word_length, " \t");
    line[word_length] = '\0';
    if (strcmp(line, ">") == 0 && strcmp(argument, "any") == 0) {
        add_step(parser, STEP_EXPECT_ANY);
        return 1;
    }
    static const struct {
        const char *word;
        enum step_kind kind;
    } with_bytes[] = {
        {">", STEP_EXPECT}, {"<", STEP_SEND}, {"<half", STEP_SEND_HALF}, {"<rest", STEP_SEND_REST}};
    for (size_t i = 0; i < sizeof with_bytes / sizeof with_bytes[0]; i++) {
        if (strcmp(line, with_bytes[i].word) == 0) {
            return add_bytes(parser, with_bytes[i].kind, argument);
        }
    }
    return strcmp(line, "define") == 0 ? define(parser, argument)
                                       : add_command(parser, line, argument);
}

int script_parse(const char *text, struct script *script, char *error) {
    struct parser parser = {.script = script, .error = error};
    *script = (struct script){NULL, 0};
    int good = 1;
    char *copy = strdup(text);
    for (char *at = copy; good && at != NULL;) {
        char *end = strchr(at, '\n');
        parser.line++;
        while (end != NULL && end > at && end[-1] == '\\') { /* goes on in the next line */
            end[-1] = end[0] = ' ';
            end = strchr(end, '\n');
            parser.line++;
        }
        if (end != NULL) {
            *end = '\0';
        }
        good = parse_line(&parser, at);
        at = end != NULL ? end + 1 : NULL;
    }
    for (size_t i = 0; i < parser.definition_count; i++) {
        free(parser.definitions[i].hex);
    }
    free(copy);
    if (!good) {
        script_free(script);
    }
    return good;
}

int script_load(const char *path, struct script *script, char *error) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (file == NULL || getdelim(&text, &room, '\0', file) < 0) {
        snprintf(error, ERROR_SIZE, "cannot read %.200s", path);
        if (file != NULL) {
            fclose(file);
        }
        free(text);
        return 0;
    }
    fclose(file);
    int good = script_parse(text, script, error);
    free(text);
    return good;
}

void script_free(struct script *script) {
    for (size_t i = 0; i < script->count; i++) {
        free(script->steps[i].data);
    }
    free(script->steps);
    *script = (struct script){NULL, 0};
}
