"""Rows that are tried elsewhere: by another row's inputs, or by another command."""

from catalogue import elsewhere

ROW_16 = "row 16, which flips each bit"

elsewhere(17, "fixedParent clear", ROW_16)
elsewhere(18, "sensitiveDataOrigin clear", ROW_16)
elsewhere(19, "userWithAuth clear", ROW_16)
elsewhere(20, "adminWithPolicy set", ROW_16)
elsewhere(21, "stClear set", ROW_16)
elsewhere(23, "encryptedDuplication set", ROW_16)
elsewhere(24, "restricted set", ROW_16)
elsewhere(25, "decrypt set", ROW_16)
elsewhere(26, "sign clear", ROW_16)
elsewhere(28, "firmwareLimited, svnLimited set", ROW_16)
elsewhere(29, "each reserved bit set", ROW_16)

elsewhere(88, "the time of the answer to a ticket that is wrong early, or late", "make timing")
elsewhere(109, "an allocation fails, at each place of each role",
          "make faults GROUPS=\"memory supervisor\"")
elsewhere(123, "kill -9 at every write, sync and message of a provisioning", "make faults GROUPS=kills")
elsewhere(124, "a crash between signature and record", "make faults GROUPS=kills")
elsewhere(125, "no room, an error or a short write at each write",
          "make faults GROUPS=\"errors supervisor\"")
elsewhere(126, "a sync that fails once", "make faults GROUPS=errors")
elsewhere(127, "clocks set back, far ahead, to 1970, 2038, 2050 and 9999, also while an intent is open",
          "make faults GROUPS=clocks")
elsewhere(168, "a power cut at every TPM command, file write and sync of the device",
          "make faults GROUPS=\"kills tpm\"")
