from rest_framework.routers import SimpleRouter

from monolith.notifications.api import EmailViewSet

router = SimpleRouter()
router.register("emails", EmailViewSet, basename="email")

urlpatterns = router.urls
