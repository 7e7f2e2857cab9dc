/* A server on all of 127.0.0.0/8 that says what was recorded and costs little.
 *
 *     farm FLIGHTS MUTE
 *
 * FLIGHTS holds flights, each after its length (four bytes, little-endian); which one an address shows, its last two
 * numbers say. MUTE per cent of the addresses take a hello and never answer. Prints its port, and that of another
 * socket where nothing answers at all: its queue is full. Ends with its standard input.
 *
 * It looks for a while before it sleeps: whoever wakes a sleeping process on his own machine pays for that, three times
 * a target and a quarter of all his CPU here, and a scan of servers elsewhere does not. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLIGHTS = 4096, EVENTS = 512, LOOKS = 2000 };

static char *flights[FLIGHTS];
static uint32_t sizes[FLIGHTS], count, mute;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    while (count < FLIGHTS && fread(&sizes[count], 4, 1, file) == 1) {
        flights[count] = malloc(sizes[count]);
        if (!flights[count] || fread(flights[count], 1, sizes[count], file) != sizes[count]) fail(path);
        count++;
    }
    fclose(file);
    if (!count) exit(1);
}

static int listening(int backlog, int *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) || listen(fd, backlog)) fail("listen");
    getsockname(fd, (struct sockaddr *)&at, &size);
    *port = ntohs(at.sin_port);
    return fd;
}

/* Fills the queue of a socket that accepts nobody: what comes after that gets no answer. */
static void fill(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int number = 0; number < 8; number++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&to, sizeof to);
        usleep(2000);
    }
}

static void answer(int fd) {
    char hello[4096];
    for (;;) {
        ssize_t got = recv(fd, hello, sizeof hello, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            close(fd);
            return;
        }
        struct sockaddr_in me;
        socklen_t size = sizeof me;
        getsockname(fd, (struct sockaddr *)&me, &size);
        uint32_t place = ntohl(me.sin_addr.s_addr) & 0xffff;
        if (place * 2654435761u / 42949673u < mute) continue;
        uint32_t which = place % count;
        if (send(fd, flights[which], sizes[which], MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
            close(fd);
            return;
        }
    }
}

int main(int words, char **word) {
    struct rlimit files;
    int port, closed, at = epoll_create1(0), input = 0;
    if (words != 3) return 2;
    load(word[1]);
    mute = (uint32_t)atoi(word[2]);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int door = listening(65535, &port);
    listening(0, &closed);
    fill(closed);
    struct epoll_event events[EVENTS], one = {.events = EPOLLIN, .data.fd = door};
    epoll_ctl(at, EPOLL_CTL_ADD, door, &one);
    one.data.fd = input;
    epoll_ctl(at, EPOLL_CTL_ADD, input, &one);
    printf("%d %d\n", port, closed);
    fflush(stdout);
    for (int idle = 0;;) {
        int happened = epoll_wait(at, events, EVENTS, idle < LOOKS ? 0 : -1);
        idle = happened ? 0 : idle + 1;
        for (int number = 0; number < happened; number++) {
            int fd = events[number].data.fd;
            if (fd == input) return 0;
            if (fd != door) {
                answer(fd);
                continue;
            }
            for (int peer; (peer = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                one.events = EPOLLIN | EPOLLET | EPOLLRDHUP;
                one.data.fd = peer;
                epoll_ctl(at, EPOLL_CTL_ADD, peer, &one);
                answer(peer); /* mostly the hello is there already */
            }
        }
    }
}
