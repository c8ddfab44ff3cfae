/* A small libnvidia-ml.so for tests. It reads a scenario file (named by FAKE_NVML_SCENARIO) at every call.
 *
 * Lines are "key value". Keys: init, count, driver, cuda; per card gpuN.name .bus .total .free .load .temperature
 * .power .limit .generation .width .compute .graphics (pid:bytes,pid:bytes) .mig .parts (bytes,bytes) .state.
 * A missing card key answers NOT_SUPPORTED; a value "!CODE" answers that return code. gpuN.state is the return code of
 * everything on that card, except that gpuN.listed still gives out a handle; as with a real one, a handle that was lost stays lost until NVML is started again.
 *
 * OLD_DRIVER leaves out what drivers before 2021 lack, ANCIENT_DRIVER also the way to start it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { MOST_CARDS = 16, PARTS = 8 };

typedef struct { int card, part, lost; } Device;
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } Process;
static int starts;
static Device cards[MOST_CARDS];

static int look_up(const char *key, char *value, size_t size) {
    const char *path = getenv("FAKE_NVML_SCENARIO");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[512];
    size_t length = strlen(key);
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            line[strcspn(line, "\n")] = 0;
            snprintf(value, size, "%s", line + length + 1);
            found = 1;
        }
    }
    if (file) fclose(file);
    return found;
}

static long global_number(const char *key, long otherwise) {
    char value[64];
    return look_up(key, value, sizeof value) ? atol(value) : otherwise;
}

static int ask(Device *device, const char *what, char *value, size_t size) {
    char key[64], state[32];
    if (starts == 0) return UNINITIALIZED;
    if (device == NULL) return INVALID_ARGUMENT;
    snprintf(key, sizeof key, "gpu%d.state", device->card);
    if (look_up(key, state, sizeof state)) device->lost = atoi(state);
    if (device->lost) return device->lost;
    snprintf(key, sizeof key, "gpu%d.%s", device->card, what);
    if (!look_up(key, value, size)) return NOT_SUPPORTED;
    return value[0] == '!' ? atoi(value + 1) : SUCCESS;
}

static int ask_number(Device *device, const char *what, unsigned *number) {
    char value[128];
    int code = ask(device, what, value, sizeof value);
    if (code == SUCCESS) *number = (unsigned)strtoul(value, NULL, 10);
    return code;
}

static int processes(Device *device, const char *what, unsigned *count, Process *list) {
    char value[400], *place = value;
    unsigned room = *count, n = 0;
    int code = ask(device, what, value, sizeof value);
    if (code != SUCCESS) return code;
    while (*place) {
        unsigned pid = (unsigned)strtoul(place, &place, 10);
        unsigned long long used = *place == ':' ? strtoull(place + 1, &place, 10) : ~0ULL; /* no figure: Windows */
        if (*place == ',') place++;
        if (list && n < room) list[n] = (Process){pid, used, 0, 0};
        n++;
    }
    *count = n;
    return n > room || (n && !list) ? INSUFFICIENT_SIZE : SUCCESS;
}

#ifndef ANCIENT_DRIVER
int nvmlInitWithFlags(unsigned flags) {
    int code = (int)global_number("init", 0);
    (void)flags;
    if (code != SUCCESS) return code;
    starts++;
    for (int i = 0; i < MOST_CARDS; i++) cards[i] = (Device){i, -1, 0};
    return SUCCESS;
}
#endif

int nvmlShutdown(void) {
    if (starts == 0) return UNINITIALIZED;
    starts--;
    return SUCCESS;
}

const char *nvmlErrorString(int code) { return code == 999 ? "Unknown Error" : "Some error"; }

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    return look_up("driver", text, size) ? SUCCESS : NOT_SUPPORTED;
}

int nvmlSystemGetCudaDriverVersion(int *version) {
    *version = (int)global_number("cuda", 0);
    return *version ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = (unsigned)global_number("count", 0);
    return starts ? SUCCESS : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
    char key[64], ignored[200];
    int code;
    if (index >= MOST_CARDS) return INVALID_ARGUMENT;
    *device = &cards[index];
    snprintf(key, sizeof key, "gpu%u.listed", index); /* dead, but still given out */
    if (look_up(key, ignored, sizeof ignored)) return SUCCESS;
    code = ask(&cards[index], "bus", ignored, sizeof ignored);
    return code == NOT_SUPPORTED ? SUCCESS : code;
}

int nvmlDeviceGetName(Device *device, char *text, unsigned size) { return ask(device, "name", text, size); }

int nvmlDeviceGetPciInfo_v3(Device *device, char *info) {
    /* char busIdLegacy[16]; unsigned domain, bus, device, pciDeviceId, pciSubSystemId; char busId[32]; */
    return ask(device, "bus", info + 16 + 5 * sizeof(unsigned), 32);
}

int nvmlDeviceGetMemoryInfo(Device *device, Memory *memory) {
    char value[128];
    int code;
    if (device && device->part >= 0) {
        code = ask(device, "parts", value, sizeof value);
        char *place = value;
        for (int i = 0; code == SUCCESS && i < device->part; i++) place = strchr(place, ',') + 1;
        memory->total = memory->free = code == SUCCESS ? strtoull(place, NULL, 10) : 0;
        return code;
    }
    code = ask(device, "total", value, sizeof value);
    if (code != SUCCESS) return code;
    memory->total = strtoull(value, NULL, 10);
    code = ask(device, "free", value, sizeof value);
    memory->free = strtoull(value, NULL, 10);
    memory->used = memory->total - memory->free;
    return code;
}

int nvmlDeviceGetUtilizationRates(Device *device, Utilization *rates) {
    return ask_number(device, "load", &rates->gpu);
}

int nvmlDeviceGetTemperature(Device *device, int sensor, unsigned *celsius) {
    return sensor == 0 ? ask_number(device, "temperature", celsius) : INVALID_ARGUMENT;
}

int nvmlDeviceGetPowerUsage(Device *device, unsigned *milliwatts) { return ask_number(device, "power", milliwatts); }

int nvmlDeviceGetMaxPcieLinkGeneration(Device *device, unsigned *generation) {
    return ask_number(device, "generation", generation);
}

int nvmlDeviceGetCurrPcieLinkWidth(Device *device, unsigned *width) { return ask_number(device, "width", width); }

int nvmlDeviceGetComputeRunningProcesses_v2(Device *device, unsigned *count, Process *list) {
    return processes(device, "compute", count, list);
}

int nvmlDeviceGetGraphicsRunningProcesses_v2(Device *device, unsigned *count, Process *list) {
    return processes(device, "graphics", count, list);
}

#ifndef OLD_DRIVER
static Device parts[MOST_CARDS][PARTS];

int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned *count, Process *list) {
    return processes(device, "compute", count, list);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, unsigned *count, Process *list) {
    return processes(device, "graphics", count, list);
}

int nvmlDeviceGetEnforcedPowerLimit(Device *device, unsigned *milliwatts) {
    return ask_number(device, "limit", milliwatts);
}

int nvmlDeviceGetMigMode(Device *device, unsigned *now, unsigned *pending) {
    int code = ask_number(device, "mig", now);
    *pending = *now;
    return code;
}

int nvmlDeviceGetMaxMigDeviceCount(Device *device, unsigned *count) {
    (void)device;
    *count = PARTS;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(Device *device, unsigned index, Device **part) {
    char value[128];
    unsigned n = 1;
    if (ask(device, "parts", value, sizeof value) != SUCCESS) return NOT_FOUND;
    for (char *place = value; *place; place++) n += *place == ',';
    if (index >= n) return NOT_FOUND;
    parts[device->card][index] = (Device){device->card, (int)index, 0};
    *part = &parts[device->card][index];
    return SUCCESS;
}
#endif
