#ifndef TEST_DEVICE_TEMPORARY_FOLDER_H
#define TEST_DEVICE_TEMPORARY_FOLDER_H

/* temporary_folder: a new folder for one test; its path, static, until the next one is made. */
const char *temporary_folder_make(void);

/* Removes the folder and the files in it. */
void temporary_folder_remove(void);

#endif
