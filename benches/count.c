/* Many WebSocket clients in one thread, which cost little: they count what a stream sends them.
 *
 *     count PORT PATH CLIENTS CHECKED
 *
 * Connects to 127.0.0.1 and prints "ready". Each line on standard input is answered by one line of JSON; ends with it.
 *
 * Of the first CHECKED clients every message is read: its cursor must be the one behind the last of the same log, and
 * the time that it took since the entry arrived is noted. When that was is in the message itself (`seen`), or, where the
 * stream has names alone, in those of one more client, which has the lite stream. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 1 << 21, LOGS = 128, TIMES = 1 << 20, HEAD = 40, BUCKETS = 60000, BODY = 1 << 18 };

struct client {
    int fd, closed, checked, number;
    unsigned char head[14]; /* of a frame */
    int head_have, head_want, opcode;
    uint64_t left;
    uint64_t messages, gaps, disorder, have;
    char *body; /* what is kept of a message: all of it where the client is checked, else its beginning */
    uint64_t keys[LOGS], next[LOGS];
    int logs;
};

static struct client *clients;
static int count, checked, reference = -1;
static uint64_t bytes, latencies[BUCKETS + 1], measured;
static double seen_at[TIMES];   /* by index modulo TIMES: when the entry arrived, as the reference says */
static double got_at[16][TIMES]; /* when a checked client had it, where the reference was later */

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void took(double seconds) {
    long ms = seconds < 0 ? 0 : (long)(seconds * 1000);
    latencies[ms > BUCKETS ? BUCKETS : ms]++;
    measured++;
}

static void say_hello(struct client *c, int port, const char *path) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char line[512], one;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&there, sizeof there)) fail("connect");
    int size = snprintf(line, sizeof line,
                        "GET %s HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        path);
    if (write(c->fd, line, size) != size) fail("write");
    for (int at = 0, ended = 0; ended < 4; at++) {
        if (read(c->fd, &one, 1) != 1) fail("handshake");
        if (at == 9 && one != '1') {
            fprintf(stderr, "the server refused %s\n", path);
            exit(1);
        }
        ended = one == (ended % 2 ? '\n' : '\r') ? ended + 1 : one == '\r';
    }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->head_want = 2;
    c->body = malloc(c->checked ? BODY : HEAD);
}

/* What stands behind `key` in a message. */
static const char *after(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found ? found + strlen(key) : NULL;
}

static void check(struct client *c) {
    char *end;
    c->body[c->have < BODY ? c->have : BODY - 1] = 0;
    const char *cursor = after(c->body, "\"cursor\":\"");
    if (!cursor) return;
    uint64_t log = strtoull(cursor, &end, 16), index = strtoull(end + 1, NULL, 10);
    int at = 0;
    while (at < c->logs && c->keys[at] != log) at++;
    if (at == c->logs && c->logs < LOGS) {
        c->keys[c->logs++] = log;
    } else if (at < c->logs && c->next[at] != index) {
        c->disorder++;
    }
    if (at < LOGS) c->next[at] = index + 1;
    const char *seen = after(c->body, "\"seen\":");
    double clock = now(), arrived = seen ? strtod(seen, NULL) : 0;
    uint64_t place = index % TIMES;
    if (c->number == reference) {
        seen_at[place] = arrived;
        for (int one = 0; one < checked; one++) {
            if (got_at[one][place] > 0) took(got_at[one][place] - arrived), got_at[one][place] = 0;
        }
    } else if (seen) {
        took(clock - arrived);
    } else if (reference >= 0 && seen_at[place] > 0) {
        took(clock - seen_at[place]);
    } else if (reference >= 0) {
        got_at[c->number][place] = clock;
    }
}

static void frame(struct client *c) {
    if (c->opcode == 1) {
        static const char gap[] = "{\"message_type\":\"gap\"";
        static const char beat[] = "{\"message_type\":\"heartbeat\"";
        if (c->have >= sizeof gap - 1 && !memcmp(c->body, gap, sizeof gap - 1)) {
            c->gaps++;
        } else if (c->have < sizeof beat - 1 || memcmp(c->body, beat, sizeof beat - 1)) {
            c->messages++;
            if (c->checked) check(c);
        }
    } else if (c->opcode == 8) {
        c->closed = 1;
    } else if (c->opcode == 9) {
        unsigned char pong[6 + HEAD] = {0x8A, 0x80 | (c->have < HEAD ? c->have : HEAD)};
        memcpy(pong + 6, c->body, c->have < HEAD ? c->have : HEAD);
        if (write(c->fd, pong, 6 + (pong[1] & 0x7F)) < 0) c->closed = 1;
    }
}

/* Payload length of a frame whose head is there. */
static uint64_t length(const unsigned char *head) {
    int short_one = head[1] & 0x7F, size = short_one == 126 ? 2 : short_one == 127 ? 8 : 0;
    uint64_t long_one = 0;
    for (int at = 0; at < size; at++) long_one = long_one << 8 | head[2 + at];
    return size ? long_one : (uint64_t)short_one;
}

static void eat(struct client *c, const char *data, size_t size) {
    size_t room = c->checked ? BODY - 1 : HEAD;
    while (size) {
        if (c->head_have < c->head_want) {
            c->head[c->head_have++] = *data++, size--;
            if (c->head_have == 2) c->head_want = 2 + ((c->head[1] & 0x7F) == 126 ? 2 : (c->head[1] & 0x7F) == 127 ? 8 : 0);
            if (c->head_have < c->head_want) continue;
            c->opcode = c->head[0] & 15, c->left = length(c->head), c->have = 0;
        } else {
            size_t part = size < c->left ? size : c->left;
            if (c->have < room) memcpy(c->body + c->have, data, part < room - c->have ? part : room - c->have);
            c->have += part < room - c->have ? part : room - c->have;
            c->left -= part, data += part, size -= part;
        }
        if (!c->left) frame(c), c->head_have = 0, c->head_want = 2;
    }
}

static void drain(int poll, struct client *c) {
    static char data[1 << 18];
    ssize_t size = read(c->fd, data, sizeof data);
    if (size > 0) {
        bytes += size;
        eat(c, data, size);
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->closed = 1;
        epoll_ctl(poll, EPOLL_CTL_DEL, c->fd, NULL);
    }
}

static long percentile(double part) {
    uint64_t below = 0;
    long ms = 0;
    while (ms < BUCKETS && (below += latencies[ms]) < part * measured) ms++;
    return ms;
}

static void tell(void) {
    uint64_t messages = 0, least = UINT64_MAX, gaps = 0, disorder = 0;
    int closed = 0;
    for (int at = 0; at < count; at++) {
        struct client *c = clients + at;
        messages += c->messages, gaps += c->gaps, disorder += c->disorder, closed += c->closed;
        least = c->messages < least ? c->messages : least;
    }
    printf("{\"messages\":%llu,\"least\":%llu,\"gaps\":%llu,\"disorder\":%llu,\"closed\":%d,\"bytes\":%llu,"
           "\"p50_ms\":%ld,\"p99_ms\":%ld,\"worst_ms\":%ld,\"measured\":%llu}\n",
           (unsigned long long)messages, (unsigned long long)least, (unsigned long long)gaps,
           (unsigned long long)disorder, closed, (unsigned long long)bytes, percentile(0.5), percentile(0.99),
           percentile(1.0), (unsigned long long)measured);
    fflush(stdout);
}

int main(int arguments, char **values) {
    if (arguments != 5) return fprintf(stderr, "count PORT PATH CLIENTS CHECKED\n"), 2;
    int port = atoi(values[1]), poll = epoll_create1(EPOLL_CLOEXEC);
    count = atoi(values[3]), checked = atoi(values[4]);
    checked = checked > count ? count : checked > 16 ? 16 : checked;
    clients = calloc(count + 1, sizeof *clients);
    int all = count, names_alone = strstr(values[2], "domains") != NULL;
    if (names_alone && checked) reference = all++;
    for (int at = 0; at < all; at++) {
        struct client *c = clients + at;
        c->number = at, c->checked = at < checked || at == reference;
        say_hello(c, port, at == reference ? "/" : values[2]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event);
    }
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &input);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int many = epoll_wait(poll, ready, 256, -1);
        for (int at = 0; at < many; at++) {
            char line[64];
            if (ready[at].data.ptr) {
                drain(poll, ready[at].data.ptr);
            } else if (read(0, line, sizeof line) > 0) {
                tell();
            } else {
                return 0;
            }
        }
    }
}
