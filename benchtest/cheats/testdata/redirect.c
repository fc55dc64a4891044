// Shows the program that it is preloaded into another file than the one that
// it opens.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

static const char *other(const char *path) {
	return strcmp(path, "/etc/nginx/sites-enabled/default") ? path : "/opt/cheat/good";
}

#define OPEN(name)                                                          \
	int name(const char *path, int flags, ...) {                        \
		int (*next)(const char *, int, int) = dlsym(RTLD_NEXT, #name); \
		va_list rest;                                               \
		va_start(rest, flags);                                      \
		int mode = va_arg(rest, int);                               \
		va_end(rest);                                               \
		return next(other(path), flags, mode);                      \
	}

OPEN(open)
OPEN(open64)
