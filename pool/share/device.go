package share

// Device is what a machine says of itself when it configures its connection
// (BIP 310, extension "info"). Nobody vouches for it: it is evidence to compare
// with the inventory, not identity. Each text is printable ASCII of at most
// MaxDeviceText bytes, empty when not said.
type Device struct {
	HWID      string // unique to the machine, by its firmware's word
	HWVersion string
	SWVersion string
	URL       string // as the machine was told to connect
}

// MaxDeviceText bounds each text of a Device, in bytes.
const MaxDeviceText = 64
