#include "sys/clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/panic.h"

static struct timespec read_clock(clockid_t id)
{
	struct timespec now;
	if (clock_gettime(id, &now) != 0)
		panic("could not read the clock");
	return now;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_us(void)
{
	struct timespec now = read_clock(CLOCK_MONOTONIC);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	struct timespec now = read_clock(CLOCK_REALTIME);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timestamp clock_stamp(int64_t wall_ms)
{
	int64_t milliseconds = wall_ms % 1000;
	if (milliseconds < 0)
		milliseconds += 1000;
	time_t seconds = (time_t)((wall_ms - milliseconds) / 1000);
	struct tm parts = {0};
	struct timestamp stamp;
	char whole[24];

	gmtime_r(&seconds, &parts);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(stamp.text, sizeof(stamp.text), "%s.%03dZ", whole, (int)milliseconds);
	return stamp;
}

struct uuid uuid_new(void)
{
	unsigned char raw[16];
	struct uuid uuid;

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		panic("could not get random bytes");
	raw[6] = (unsigned char)((raw[6] & 0x0F) | 0x40);
	raw[8] = (unsigned char)((raw[8] & 0x3F) | 0x80);
	snprintf(uuid.text, sizeof(uuid.text),
	         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", raw[0], raw[1],
	         raw[2], raw[3], raw[4], raw[5], raw[6], raw[7], raw[8], raw[9], raw[10], raw[11], raw[12],
	         raw[13], raw[14], raw[15]);
	return uuid;
}
