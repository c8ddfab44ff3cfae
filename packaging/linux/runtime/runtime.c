/* The executable part of the AppImage: shows the file system that is appended to it as a folder and starts AppRun there.
 *
 * Follows the AppImage specification, type 2. Built by appimage.py against Debian's static squashfuse and FUSE libraries.
 * Without FUSE on the computer the files are unpacked to a temporary folder, which is removed when the program has ended.
 *
 *   --appimage-extract    unpack to ./squashfs-root
 *   --appimage-offset     print where the file system begins
 *   --appimage-extract-and-run, or APPIMAGE_EXTRACT_AND_RUN=1    do without FUSE
 */
#define _GNU_SOURCE
#include <squashfuse/config.h>
#include <squashfuse/ll.h>
#include <squashfuse/squashfuse.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK (1 << 18)

/* libsquashfuse can read every compression; this file system is always zstd (appimage.py), so the others' libraries stay out. */
int lzo1x_decompress_safe(void) { return -1; }
int lzma_stream_buffer_decode(void) { return -1; }
int LZ4_decompress_safe(void) { return -1; }
int uncompress(void) { return -1; }

static _Noreturn void die(const char *what) {
    fprintf(stderr, "AppImage: %s: %s\n", what, strerror(errno));
    exit(127);
}

/* The file system begins where the section headers, the last part of this program, end. */
static size_t image_offset(const char *self) {
    Elf64_Ehdr head;
    int file = open(self, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, &head, sizeof head) != sizeof head)
        die(self);
    close(file);
    return head.e_shoff + (size_t)head.e_shentsize * head.e_shnum;
}

/* --- as a folder, through FUSE --- */

struct watch {
    int alive;
    struct fuse_session *session;
};

/* The program and its children hold the other end of a pipe; when the last of them has ended, the folder goes. */
static void *unmount_when_unused(void *given) {
    struct watch *watch = given;
    char nothing;
    while (read(watch->alive, &nothing, 1) < 0 && errno == EINTR)
        ;
    fuse_session_exit(watch->session);
    fuse_session_unmount(watch->session);
    return NULL;
}

static int serve(const char *self, const char *folder, int ready, int alive) {
    static struct fuse_lowlevel_ops operations = {
        .getattr = sqfs_ll_op_getattr, .opendir = sqfs_ll_op_opendir, .releasedir = sqfs_ll_op_releasedir,
        .readdir = sqfs_ll_op_readdir, .lookup = sqfs_ll_op_lookup,   .open = sqfs_ll_op_open,
        .create = sqfs_ll_op_create,   .release = sqfs_ll_op_release, .read = sqfs_ll_op_read,
        .readlink = sqfs_ll_op_readlink, .listxattr = sqfs_ll_op_listxattr, .getxattr = sqfs_ll_op_getxattr,
        .forget = sqfs_ll_op_forget,   .statfs = stfs_ll_op_statfs,
    };
    char *words[] = {"launcher", "-oro,nosuid,nodev,fsname=launcher"};
    struct fuse_args arguments = FUSE_ARGS_INIT(2, words);
    sqfs_ll *image = calloc(1, sizeof *image);
    sqfs_ll_chan channel = {0};
    pthread_t thread;
    if (!image || sqfs_open_image(&image->fs, self, image_offset(self)) != SQFS_OK || sqfs_ll_init(image) != SQFS_OK)
        return 1;
    if (sqfs_ll_mount(&channel, folder, &arguments, &operations, sizeof operations, image) != SQFS_OK)
        return 1;
    struct watch watch = {alive, channel.session};
    if (pthread_create(&thread, NULL, unmount_when_unused, &watch) != 0 || write(ready, "1", 1) != 1)
        return 1;
    close(ready);
    fuse_session_loop(channel.session);
    pthread_join(thread, NULL);
    rmdir(folder);
    return 0;
}

/* Returns whether the folder shows the files; the process that serves it lives on by itself. */
static int mount_image(const char *self, const char *folder) {
    int ready[2], alive[2];
    char answer = 0;
    if (pipe2(ready, O_CLOEXEC) || pipe(alive))
        die("pipe");
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        close(alive[1]);
        setsid(); /* Ctrl+C in the terminal is the program's */
        if (fork() != 0)
            _exit(0);
        if (!getenv("APPIMAGE_DEBUG")) {
            int quiet = open("/dev/null", O_WRONLY);
            dup2(quiet, STDERR_FILENO); /* what FUSE says of a computer without it is no news: see below */
        }
        _exit(serve(self, folder, ready[1], alive[0]));
    }
    waitpid(child, NULL, 0);
    close(ready[1]);
    close(alive[0]);
    while (read(ready[0], &answer, 1) < 0 && errno == EINTR)
        ;
    close(ready[0]);
    return answer == '1'; /* alive[1] stays open, in AppRun too */
}

/* --- as files --- */

static void unpack_file(sqfs *fs, sqfs_inode *inode, const char *path, void *buffer) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        die(path);
    for (sqfs_off_t at = 0; at < (sqfs_off_t)inode->xtra.reg.file_size;) {
        sqfs_off_t size = CHUNK;
        if (sqfs_read_range(fs, inode, at, &size, buffer) != SQFS_OK || size <= 0 || write(file, buffer, size) != size)
            die(path);
        at += size;
    }
    fchmod(file, inode->base.mode & 0777);
    if (close(file))
        die(path);
}

static void unpack(const char *self, const char *folder) {
    sqfs fs;
    sqfs_traverse walk;
    sqfs_err error = SQFS_OK;
    char path[PATH_MAX], target[PATH_MAX];
    void *buffer = malloc(CHUNK);
    if (!buffer || sqfs_open_image(&fs, self, image_offset(self)) != SQFS_OK ||
        sqfs_traverse_open(&walk, &fs, sqfs_inode_root(&fs)) != SQFS_OK)
        die("the file system cannot be read");
    while (sqfs_traverse_next(&walk, &error)) {
        sqfs_inode inode;
        size_t length = sizeof target;
        if (walk.dir_end)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, walk.path) >= (int)sizeof path ||
            sqfs_inode_get(&fs, &inode, sqfs_dentry_inode(&walk.entry)) != SQFS_OK)
            die(walk.path);
        if (S_ISDIR(inode.base.mode) ? mkdir(path, 0755)
            : S_ISLNK(inode.base.mode)
                ? sqfs_readlink(&fs, &inode, target, &length) != SQFS_OK || symlink(target, path)
                : 0)
            die(path);
        if (S_ISREG(inode.base.mode))
            unpack_file(&fs, &inode, path, buffer);
    }
    if (error != SQFS_OK)
        die("the file system is damaged");
    sqfs_traverse_close(&walk);
    free(buffer);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind, (void)where;
    return remove(path);
}

/* --- the program --- */

static _Noreturn void run(const char *folder, char **arguments) {
    char program[PATH_MAX];
    snprintf(program, sizeof program, "%s/AppRun", folder);
    setenv("APPDIR", folder, 1);
    execv(program, arguments);
    die(program);
}

static int run_unpacked(const char *self, const char *folder, char **arguments) {
    int status = 0;
    unpack(self, folder);
    pid_t child = fork();
    if (child == 0)
        run(folder, arguments);
    signal(SIGINT, SIG_IGN); /* the program decides; this one waits for it, to tidy up */
    signal(SIGTERM, SIG_IGN);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **arguments) {
    char self[PATH_MAX], folder[PATH_MAX], here[PATH_MAX];
    const char *wish = count > 1 ? arguments[1] : "";
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        die("/proc/self/exe");
    self[length] = 0;
    if (!strcmp(wish, "--appimage-offset"))
        return printf("%zu\n", image_offset(self)) < 0;
    if (!strcmp(wish, "--appimage-extract")) {
        if (mkdir("squashfs-root", 0755))
            die("squashfs-root");
        unpack(self, "squashfs-root");
        return 0;
    }
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/.mount_launcherXXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        die(folder);
    setenv("APPIMAGE", self, 1);
    setenv("ARGV0", arguments[0], 1);
    if (getcwd(here, sizeof here))
        setenv("OWD", here, 1);
    int is_unpacked = !strcmp(wish, "--appimage-extract-and-run");
    if (is_unpacked)
        arguments[1] = arguments[0], arguments++;
    const char *variable = getenv("APPIMAGE_EXTRACT_AND_RUN");
    if (!is_unpacked && !(variable && *variable == '1') && mount_image(self, folder))
        run(folder, arguments);
    return run_unpacked(self, folder, arguments);
}
