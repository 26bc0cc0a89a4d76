// Load generator and target for scripts/bench/network.ts: epoll, one thread each.
// network-load serve <ip> <port>            answers each request ending in an empty line; sinks everything on port+1
// network-load bulk|request|connect|dns <ip> <port> <seconds> <connections or questions under way>
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
static const char last_request[] = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/plain\r\n\r\nHello, world!";
static char buffer[1 << 20];
static int epoll;
static struct sockaddr_in target;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void address(const char *ip, int port) { target.sin_family = AF_INET; target.sin_port = htons(port); inet_pton(AF_INET, ip, &target.sin_addr); }
static void fail(const char *what) { perror(what); exit(1); }
static void watch(int fd, unsigned events) { struct epoll_event e = {.events = events, .data.fd = fd}; if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl"); }
static int listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  target.sin_port = htons(port);
  if (bind(fd, (struct sockaddr *)&target, sizeof target) || listen(fd, 4096)) fail("listen");
  watch(fd, EPOLLIN);
  return fd;
}
static void serve(const char *ip, int port) {
  static char sinks[1 << 20];
  address(ip, port);
  int requests = listener(port), sink = listener(port + 1);
  printf("ready\n"); fflush(stdout);
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == requests || fd == sink) {
        for (int c; (c = accept4(fd, 0, 0, SOCK_NONBLOCK)) >= 0;) {
          int on = 1; setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          sinks[c] = fd == sink; watch(c, EPOLLIN);
        }
        continue;
      }
      ssize_t got = read(fd, buffer, sizeof buffer);
      if (got == 0 || (got < 0 && errno != EAGAIN)) { close(fd); continue; }
      if (sinks[fd] || got < 4 || memcmp(buffer + got - 4, "\r\n\r\n", 4) != 0) continue;
      if (write(fd, answer, sizeof answer - 1) < 0 || memmem(buffer, got, "close", 5)) close(fd);
    }
  }
}
static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&target, sizeof target) && errno != EINPROGRESS) fail("connect");
  watch(fd, EPOLLOUT);
  return fd;
}
static void load(int mode, double seconds, int connections) {
  for (int i = 0; i < connections; i++) dial();
  double start = now(), end = start + seconds;
  long long done = 0, errors = 0;
  while (now() < end) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 100);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (mode == 'b') { ssize_t put = write(fd, buffer, 256 << 10); if (put > 0) done += put; else if (errno != EAGAIN) { errors++; close(fd); dial(); } continue; }
      if (events[i].events & EPOLLOUT) {
        if ((mode == 'c' ? write(fd, last_request, sizeof last_request - 1) : write(fd, request, sizeof request - 1)) < 0) { errors++; close(fd); dial(); continue; }
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd}; epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e);
        continue;
      }
      ssize_t got = read(fd, buffer, 4096);
      if (got < 0 || (got == 0 && mode != 'c')) { errors++; close(fd); dial(); continue; }
      if (mode == 'c') { if (got == 0) { done++; close(fd); dial(); } continue; }
      done++;
      if (write(fd, request, sizeof request - 1) < 0) errors++;
    }
  }
  double took = now() - start;
  printf("{\"rate\":%.0f,\"errors\":%lld}\n", mode == 'b' ? done * 8 / took / 1e6 : done / took, errors);
}
static int ascending(const void *a, const void *b) { double d = *(const double *)a - *(const double *)b; return d > 0 ? 1 : d < 0 ? -1 : 0; }
static void ask(double seconds, int under_way) {
  static const unsigned char rest[] = "\1\0\0\1\0\0\0\0\0\0\3web\7default\3svc\7cluster\5local\0\0\1\0\1";
  static double sent[65536], latency[1 << 22];
  unsigned char message[2 + sizeof rest - 1];
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval patience = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&target, sizeof target)) fail("connect");
  memcpy(message + 2, rest, sizeof rest - 1);
  unsigned id = 0;
  long done = 0, errors = 0;
  double start = now(), end = start + seconds;
  for (int i = 0; i < under_way; i++) { message[0] = id >> 8; message[1] = id; sent[id++] = now(); if (send(fd, message, sizeof message, 0) < 0) errors++; }
  while (now() < end) {
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got < 12 || (buffer[3] & 15) != 0) errors++;
    else if (done < 1 << 22) latency[done++] = now() - sent[(unsigned char)buffer[0] << 8 | (unsigned char)buffer[1]];
    id = (id + 1) & 65535; message[0] = id >> 8; message[1] = id; sent[id] = now();
    if (send(fd, message, sizeof message, 0) < 0) errors++;
  }
  double took = now() - start;
  qsort(latency, done, sizeof *latency, ascending);
  printf("{\"rate\":%.0f,\"errors\":%ld,\"p50Ms\":%.3f,\"p99Ms\":%.3f}\n", done / took, errors, latency[done / 2] * 1e3, latency[done * 99 / 100] * 1e3);
}
int main(int argc, char **argv) {
  epoll = epoll_create1(0);
  if (argc == 4 && argv[1][0] == 's') serve(argv[2], atoi(argv[3]));
  if (argc != 6) { fprintf(stderr, "usage: see the source\n"); return 2; }
  address(argv[2], atoi(argv[3]));
  if (argv[1][0] == 'd') ask(atof(argv[4]), atoi(argv[5]));
  else load(argv[1][0], atof(argv[4]), atoi(argv[5]));
  return 0;
}
