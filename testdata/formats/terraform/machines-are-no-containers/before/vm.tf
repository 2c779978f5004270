resource "google_compute_instance" "vm" {
  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-11"
    }
  }
}
resource "google_compute_disk" "disk" { image = "debian-11-bullseye-v20220719" }
resource "digitalocean_droplet" "web" { image = "ubuntu-22-04-x64" }
resource "hcloud_server" "node" { image = "debian-12" }
resource "openstack_compute_instance_v2" "node" { image_name = "ubuntu-22.04" }
resource "azurerm_linux_virtual_machine" "vm" {
  source_image_reference {
    offer = "0001-com-ubuntu-server-jammy"
    sku   = "22_04-lts"
  }
}
resource "libvirt_volume" "disk" { source = "https://example.com/image.qcow2" }
resource "kubernetes_config_map" "vm" { data = { image = "nginx:1" } }
