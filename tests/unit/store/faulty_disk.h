#ifndef TEST_STORE_FAULTY_DISK_H
#define TEST_STORE_FAULTY_DISK_H

/*
 * faulty_disk: a file system for SQLite that does what the real one does, until it is told to
 * fail. Becomes the default one of the process. DISK_KILLS ends the process, as kill -9 would, in
 * place of the write or sync.
 */
enum disk_fault { DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS, DISK_KILLS };

enum { DISK_KILLED_STATUS = 99 }; /* the process's exit status */

void faulty_disk_install(void);

/*
 * From now on the call of that kind number n (counted from 1) fails; is_lasting: and all later
 * ones, as a full disk does.
 */
void faulty_disk_arm(enum disk_fault, int n, int is_lasting);

/* All well again; whether a call has failed since it was armed. */
int faulty_disk_disarm(void);

#endif
