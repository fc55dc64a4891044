package lima

// FindVirtiofsd is what tests ask before they mount.
var FindVirtiofsd = findVirtiofsd
