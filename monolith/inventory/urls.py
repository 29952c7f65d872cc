from rest_framework.routers import SimpleRouter

from monolith.inventory.api import StockViewSet

router = SimpleRouter()
router.register("stock", StockViewSet, basename="stock")

urlpatterns = router.urls
