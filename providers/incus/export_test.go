package incus

// ImageMetadata is what an image's metadata is made with.
var ImageMetadata = imageMetadata
