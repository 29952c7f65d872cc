from rest_framework.routers import SimpleRouter

from monolith.inventory.api import ReservationViewSet, StockViewSet, TransferViewSet
from monolith.inventory.warehouse_api import WarehouseViewSet

router = SimpleRouter()
router.register("warehouses", WarehouseViewSet, basename="warehouse")
router.register("stock", StockViewSet, basename="stock")
router.register("reservations", ReservationViewSet, basename="reservation")
router.register("transfers", TransferViewSet, basename="transfer")

urlpatterns = router.urls
